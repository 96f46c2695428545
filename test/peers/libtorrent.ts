import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './temporary.js';

const script = fileURLToPath(new URL('libtorrent-client.py', import.meta.url));

type TorrentProtocol = 'tcp' | 'utp' | 'dht' | 'tracker';

/** A real BitTorrent client that speaks to one port of loopback, in one of its protocols, while this runs. */
export async function withLibtorrent<T>(port: number, protocol: TorrentProtocol, run: () => Promise<T>): Promise<T> {
  const folder = await temporaryFolder('torrent');
  // It ends with its input, also when this process is killed.
  const client = spawn('/usr/bin/python3', [script, String(port), protocol, folder.path], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const closed = once(client, 'close');
  const early = closed.then(() => Promise.reject(new Error('libtorrent ended')));
  try {
    return await Promise.race([run(), early]);
  } finally {
    early.catch(() => undefined);
    client.stdin.end();
    await closed;
    await folder.remove();
  }
}
