import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess, type RunResult } from '../peers/process.js';
import { temporaryFolder } from '../peers/temporary.js';
import { allOf } from './grpc-call.fixture.js';

/** V2Ray's own client of the API: a method and its request in protobuf's text form. */
export function v2ctlApi(port: number, method: string, request: string): Promise<RunResult> {
  return runProcess('v2ctl', ['api', `--server=127.0.0.1:${port}`, method, request]);
}

/** The counters that `StatsService.QueryStats` prints. */
export function countersIn({ stdout }: RunResult): Readonly<Record<string, number>> {
  const stats = stdout.matchAll(/stat: <\s*name: "([^"]*)"\s*(?:value: (\d+)\s*)?>/g);
  return Object.fromEntries([...stats].map(([, name = '', value = '0']) => [name, Number(value)]));
}

/** V2Ray's own messages for the handlers of a configuration: InboundHandlerConfig and OutboundHandlerConfig. */
export async function handlerConfigs(config: {
  readonly inbounds?: readonly object[];
  readonly outbounds?: readonly object[];
}): Promise<{ readonly inbounds: Buffer[]; readonly outbounds: Buffer[] }> {
  const folder = await temporaryFolder('v2ctl');
  try {
    const file = join(folder.path, 'config.json');
    await writeFile(file, JSON.stringify(config));
    const { code, body, stderr } = await runProcess('v2ctl', ['config', file]);
    if (code !== 0) throw new Error(`v2ctl refuses the configuration: ${stderr}`);
    return { inbounds: allOf(body, 1), outbounds: allOf(body, 2) };
  } finally {
    await folder.remove();
  }
}
