import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, it } from 'vitest';
import { serve, Started } from '../interop/program.fixture.js';
import { describePeers } from '../peers/describe-peers.js';
import { freePort, runProcess } from '../peers/process.js';
import { startSluice } from '../peers/sluice.js';
import { temporaryFolder } from '../peers/temporary.js';
import { connectTo, gone, readBytes } from './runtime.fixture.js';

const rules = fileURLToPath(new URL('../../docs/operating/sluice.logrotate', import.meta.url));

const started = new Started();
afterEach(() => started.close());

/** Replaces what must be there. */
function swap(text: string, from: string, to: string): string {
  expect(text).toContain(from);
  return text.replace(from, to);
}

/** A running core that writes its log files, and a way to rotate them as the machine would. */
async function running(): Promise<{
  readonly logs: string;
  /** A connection that sends so many bytes, which its line in the log says. */
  connection(bytes: number): Promise<void>;
  rotate(): Promise<void>;
}> {
  const { path, remove } = await temporaryFolder('rotation');
  started.add({ close: remove });
  const { port: target } = started.add(await serve((socket) => socket.pipe(socket)));
  const port = await freePort();
  const logs = join(path, 'log');
  const core = started.add(
    await startSluice(
      {
        log: { loglevel: 'info', access: join(logs, 'access.log'), error: join(logs, 'error.log') },
        inbounds: [
          {
            tag: 'in',
            listen: '127.0.0.1',
            port,
            protocol: 'dokodemo-door',
            settings: { address: '127.0.0.1', port: target, network: 'tcp' },
          },
        ],
        outbounds: [{ protocol: 'freedom' }],
      },
      [port],
    ),
  );

  // What the rules run, for this core: systemd is not what is tested here.
  const bin = join(path, 'bin');
  await mkdir(bin);
  await writeFile(
    join(bin, 'systemctl'),
    `#!/bin/sh
[ "$*" = 'kill --signal=USR2 --kill-who=main sluice.service' ] || exit 64
kill -USR2 ${core.pid}
`,
  );
  await chmod(join(bin, 'systemctl'), 0o755);
  const { username } = userInfo();
  const group = (await runProcess('id', ['-gn'])).stdout.trim();
  let text = await readFile(rules, 'utf8');
  text = swap(text, '/var/log/sluice/*.log', `${logs}/*.log`);
  text = swap(text, 'su sluice sluice', `su ${username} ${group}`);
  const config = join(path, 'sluice.logrotate');
  await writeFile(config, text);
  await chmod(config, 0o644);

  return {
    logs,
    async connection(bytes) {
      const socket = await connectTo(port);
      socket.write(Buffer.alloc(bytes));
      await readBytes(socket, bytes);
      socket.end();
      await gone(socket);
    },
    async rotate() {
      const { code, stderr } = await runProcess('logrotate', ['--force', '--state', join(path, 'state'), config], {
        env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    },
  };
}

const sizesIn = (text: string): number[] => [...text.matchAll(/ up: ([1-9]\d*) /g)].map(([, size]) => Number(size));

async function sizesOf(file: string): Promise<number[]> {
  const bytes = await readFile(file);
  return sizesIn(String(file.endsWith('.gz') ? gunzipSync(bytes) : bytes));
}

describePeers('logrotate with the rules that ship', ['logrotate'], () => {
  it('has lines of before in the old file and lines of after in the new one', async () => {
    const { logs, connection, rotate } = await running();
    const [access, error] = [join(logs, 'access.log'), join(logs, 'error.log')];
    await connection(11);
    await expect.poll(() => sizesOf(access), { timeout: 10_000 }).toEqual([11]);
    await rotate();
    await expect.poll(() => existsSync(access) && existsSync(error), { timeout: 10_000 }).toBe(true);
    await connection(22);
    await expect.poll(() => sizesOf(access), { timeout: 10_000 }).toEqual([22]);
    expect(await sizesOf(`${access}.1`)).toEqual([11]);
    expect(await readFile(`${error}.1`, 'utf8')).toContain('listening on');
    // Nothing was written there since, and an empty file is not rotated.
    await rotate();
    expect(existsSync(`${error}.2.gz`)).toBe(false);
    expect(await sizesOf(`${access}.2.gz`)).toEqual([11]);
    expect(await sizesOf(`${access}.1`)).toEqual([22]);
  }, 30_000);

  it('loses no line, however busy the core is', async () => {
    const { logs, connection, rotate } = await running();
    const access = join(logs, 'access.log');
    let last = 0;
    let isOver = false;
    const busy = Array.from({ length: 8 }, async () => {
      while (!isOver) await connection((last += 1));
    });
    for (let n = 1; n <= 4; n += 1) {
      const had = last;
      await expect.poll(() => last, { timeout: 10_000 }).toBeGreaterThan(had + 20);
      await rotate();
      await expect.poll(() => existsSync(access), { timeout: 10_000 }).toBe(true);
    }
    isOver = true;
    await Promise.all(busy);
    const all = async (): Promise<number[]> => {
      const files = (await readdir(logs)).filter((name) => name.startsWith('access.log'));
      expect(files.length).toBe(5);
      const sizes = await Promise.all(files.map((name) => sizesOf(join(logs, name))));
      return sizes.flat().sort((a, b) => a - b);
    };
    const expected = Array.from({ length: last }, (_, index) => index + 1);
    await expect.poll(all, { timeout: 10_000 }).toEqual(expected);
  }, 60_000);
});
