import { Buffer } from 'node:buffer';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { formatSecret, newSecret } from '../secret.js';
import type { KilledProxyOrder } from './killed-proxy.fixture.js';

const loader = new URL('./from-source.fixture.mjs', import.meta.url);
const program = new URL('./killed-proxy.fixture.ts', import.meta.url);

let folder: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-usage-'));
});
afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
  await rm(folder, { recursive: true, force: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
}

async function start(order: KilledProxyOrder): Promise<Running> {
  const options = ['-C', 'sluice:source', '--import', loader.href, fileURLToPath(program), JSON.stringify(order)];
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, port: Number(line.toString()) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** A user's connection that has asked for so many bytes. */
class Download {
  readonly socket: net.Socket;
  readonly closed: Promise<void>;
  received = 0;

  constructor({ port }: Running, user: number, bytes: number) {
    this.socket = net.connect(port, '127.0.0.1');
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk: Buffer) => (this.received += chunk.length));
    this.socket.write(Buffer.of(user));
    this.ask(bytes);
  }

  ask(bytes: number): void {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(bytes);
    this.socket.write(number);
  }

  async until(bytes: number): Promise<void> {
    while (this.received < bytes) await once(this.socket, 'data');
  }
}

it('forgets nothing that was written when it is killed, and a quota that is passed is written at once', async () => {
  const usageFile = join(folder, 'usage');
  const [alice, bob] = [0, 1];
  const order = (limits: readonly object[]): KilledProxyOrder => ({
    usageFile,
    users: limits.map((one, i) => ({ secret: secrets[i]!, limits: one })),
  });
  const secrets = [formatSecret(newSecret('plain')), formatSecret(newSecret('plain'))];
  const limits = [{ quota: { down: 1_000_000 } }, { quota: { total: 600_000 } }];

  const first = await start(order(limits));
  const written = await readFile(usageFile);
  const bobs = new Download(first, bob, 300_000);
  await bobs.until(300_000);
  const alices = new Download(first, alice, 2_000_000);
  await alices.closed;
  expect(alices.received).toBeLessThanOrEqual(1_000_000);
  // Soon, and with it what others have used; the test's own time limit bounds the wait.
  while ((await readFile(usageFile)).equals(written)) await new Promise((resolve) => setImmediate(resolve));
  bobs.ask(200_000);
  await bobs.until(500_000);
  await kill(first.child);

  const second = await start(order(limits));
  const refused = new Download(second, alice, 1);
  await refused.closed;
  expect(refused.received).toBe(0);
  const rest = new Download(second, bob, 600_000);
  await rest.closed;
  expect(rest.received).toBeGreaterThan(0);
  expect(rest.received).toBeLessThanOrEqual(300_000);
});
