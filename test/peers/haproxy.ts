import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProcess, type PeerProcess, type StartOptions } from './process.js';
import { temporaryFolder } from './temporary.js';

/** A real HAProxy with these sections, one line each entry; it is ready when it listens there. */
export async function startHaproxy(sections: readonly string[], ready: StartOptions['ready']): Promise<PeerProcess> {
  const folder = await temporaryFolder('haproxy');
  const config = [
    'global',
    '  maxconn 200',
    'defaults',
    '  timeout connect 5s',
    '  timeout client 30s',
    '  timeout server 30s',
    ...sections,
  ];
  try {
    const file = join(folder.path, 'haproxy.cfg');
    await writeFile(file, `${config.join('\n')}\n`);
    const peer = await startProcess('haproxy', ['-db', '-f', file], { ready });
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
