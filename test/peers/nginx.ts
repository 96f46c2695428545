import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, startProcess, type PeerProcess, type StartOptions } from './process.js';
import { temporaryFolder } from './temporary.js';

export interface NginxOptions {
  /** The folder to serve. */
  readonly root: string;
  /** More directives for the server block, such as locations. */
  readonly server?: string;
}

export interface Nginx extends PeerProcess {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:port` */
  readonly url: string;
}

/** A real nginx that serves a folder over plain HTTP on a free loopback port, all its files in a folder of its own. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const host = '127.0.0.1';
  const port = await freePort(host);
  const server = `server {
    listen ${host}:${port};
    root ${JSON.stringify(options.root)};
    ${options.server ?? ''}
  }`;
  const peer = await runNginx(server, [{ host, port }]);
  // Getters do not survive the spread.
  return { ...peer, pid: peer.pid, host, port, url: `http://${host}:${port}` };
}

/** nginx with these directives of its `http` block. Relative paths in them lead into a folder that is removed with it. */
export async function runNginx(http: string, ready: StartOptions['ready'], openFiles = 1024): Promise<PeerProcess> {
  const folder = await temporaryFolder('nginx');
  // One process, run as whoever runs the test, so that it may read what the test wrote and ends with one signal.
  const config = `
    daemon off;
    master_process off;
    pid nginx.pid;
    error_log stderr warn;
    events { worker_connections ${openFiles}; }
    http {
      access_log off;
      client_max_body_size 0;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`).join('\n')}
      ${http}
    }`;
  try {
    const file = join(folder.path, 'nginx.conf');
    await writeFile(file, config);
    const peer = await startProcess('nginx', ['-e', 'stderr', '-p', folder.path, '-c', file], { ready });
    return {
      ...peer,
      pid: peer.pid,
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
