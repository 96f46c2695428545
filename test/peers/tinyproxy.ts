import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, startProcess, type PeerProcess } from './process.js';
import { temporaryFolder } from './temporary.js';

export interface Tinyproxy extends PeerProcess {
  readonly port: number;
}

/** A real tinyproxy on a free loopback port, that lets in whom it is told to, or everybody on loopback. */
export async function startTinyproxy(
  options: { readonly user?: string; readonly pass?: string } = {},
): Promise<Tinyproxy> {
  const host = '127.0.0.1';
  const port = await freePort(host);
  const folder = await temporaryFolder('tinyproxy');
  const { user, pass } = options;
  const config = [
    `Listen ${host}`,
    `Port ${port}`,
    'Timeout 30',
    'MaxClients 20',
    `Allow ${host}`,
    ...(user === undefined ? [] : [`BasicAuth ${user} ${pass ?? ''}`]),
  ].join('\n');
  try {
    const file = join(folder.path, 'tinyproxy.conf');
    await writeFile(file, `${config}\n`);
    const peer = await startProcess('tinyproxy', ['-d', '-c', file], { ready: [{ host, port }] });
    return {
      pid: peer.pid,
      output: () => peer.output(),
      exited: peer.exited,
      port,
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
