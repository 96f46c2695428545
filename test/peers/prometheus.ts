import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, startProcess, type PeerProcess } from './process.js';
import { temporaryFolder } from './temporary.js';

export interface Prometheus extends PeerProcess {
  readonly port: number;
  /** The values of an expression now, by their names and labels as sorted JSON. */
  query(expression: string): Promise<ReadonlyMap<string, number>>;
  /** Its own word on the one target: "up", "down" or "unknown", and the last error. */
  target(): Promise<{ readonly health: string; readonly lastError: string }>;
}

interface QueryAnswer {
  readonly data: { readonly result: readonly { metric: Record<string, string>; value: readonly [number, string] }[] };
}

interface TargetsAnswer {
  readonly data: { readonly activeTargets: readonly { readonly health: string; readonly lastError: string }[] };
}

/** A real Prometheus on a free loopback port that scrapes one target every second. */
export async function startPrometheus(target: {
  readonly port: number;
  readonly path?: string;
  readonly secret?: string;
}): Promise<Prometheus> {
  const host = '127.0.0.1';
  const port = await freePort(host);
  const folder = await temporaryFolder('prometheus');
  const { path = '/metrics', secret } = target;
  const config = {
    global: { scrape_interval: '1s' },
    scrape_configs: [
      {
        job_name: 'sluice',
        metrics_path: path,
        static_configs: [{ targets: [`${host}:${target.port}`] }],
        ...(secret === undefined ? {} : { authorization: { credentials: secret } }),
      },
    ],
  };
  try {
    // JSON is YAML.
    const file = join(folder.path, 'prometheus.yml');
    await writeFile(file, JSON.stringify(config));
    const data = join(folder.path, 'data');
    await mkdir(data);
    const peer = await startProcess(
      'prometheus',
      [`--config.file=${file}`, `--storage.tsdb.path=${data}`, `--web.listen-address=${host}:${port}`],
      { ready: [{ host, port }] },
    );
    const ask = async (where: string): Promise<unknown> =>
      (await fetch(`http://${host}:${port}/api/v1/${where}`)).json();
    return {
      ...peer,
      pid: peer.pid,
      port,
      async query(expression) {
        const { data: found } = (await ask(`query?query=${encodeURIComponent(expression)}`)) as QueryAnswer;
        return new Map(
          found.result.map(({ metric, value }) => [
            JSON.stringify(metric, Object.keys(metric).sort()),
            Number(value[1]),
          ]),
        );
      },
      async target() {
        const answer = (await ask('targets')) as TargetsAnswer;
        return answer.data.activeTargets[0] ?? { health: 'unknown', lastError: '' };
      },
      async close() {
        await peer.close();
        await folder.remove();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
