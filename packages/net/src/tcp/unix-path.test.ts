import { spawnSync } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataPlane, listen, type Listener } from '../index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-unix-'));
});
afterEach(() => rm(folder, { recursive: true }));

function listenAt(host: string): Promise<Listener> {
  const onConn = (conn: { destroy(): void }): void => conn.destroy();
  return listen(new DataPlane(), { host, port: 0, onConn, onAcceptError: () => undefined });
}

describe('listening on a Unix socket', () => {
  it('takes the place of one whose process was killed', async () => {
    const path = join(folder, 'stale');
    const killed = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', killed, path]);
    expect(lstatSync(path).isSocket()).toBe(true);
    const listener = await listenAt(path);
    await new Promise<void>((resolve, reject) => {
      const client = net.connect(path, resolve).once('error', reject);
      client.once('connect', () => client.destroy());
    });
    await listener.close();
  });

  it('leaves a socket that somebody listens on, and what is not a socket', async () => {
    const [live, plain] = [join(folder, 'live'), join(folder, 'plain')];
    const first = await listenAt(live);
    await writeFile(plain, 'text');
    for (const path of [live, plain]) await expect(listenAt(path)).rejects.toMatchObject({ code: 'E_LISTEN_IN_USE' });
    expect(lstatSync(live).isSocket()).toBe(true);
    expect(await readFile(plain, 'utf8')).toBe('text');
    await first.close();
  });

  it('says that the folder is missing', async () => {
    const missing = join(folder, 'missing');
    await expect(listenAt(join(missing, 'socket'))).rejects.toMatchObject({
      code: 'E_LISTEN_FAILED',
      message: `${missing}/socket: the folder ${missing} does not exist`,
    });
  });

  it('refuses a path that the system would cut off', async () => {
    for (const path of [join(folder, 'a'.repeat(107)), `@${'a'.repeat(108)}`]) {
      await expect(listenAt(path)).rejects.toMatchObject({ code: 'E_LISTEN_FAILED' });
    }
  });
});
