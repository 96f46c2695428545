import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../peers/process.js';
import { startSluice, type SluiceProcess } from '../peers/sluice.js';
import { serve, Started, type Server } from '../interop/program.fixture.js';

const started = new Started();
afterEach(() => started.close());

const RELOADS = 200;
const STREAMS = 20;
const MIB = 1024 * 1024;

const rss = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

/** Asks for a reload as `sluice reload` does, and gives the answer. */
async function reload(control: string): Promise<{ ok: boolean; report: { replaced: string[] } }> {
  const socket = net.connect(control);
  socket.end('{"command":"reload"}\n');
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += String(chunk);
  return JSON.parse(text) as Awaited<ReturnType<typeof reload>>;
}

/** Written beside and put in its place, so that nobody reads half of it. */
async function write(file: string, config: object): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(config));
  await rename(`${file}.new`, file);
}

/** A socket of which exact numbers of bytes can be awaited. */
class Stream {
  readonly socket: net.Socket;
  #got = Buffer.alloc(0);
  #changed: () => void = () => undefined;

  constructor(port: number) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk: Buffer) => {
      this.#got = Buffer.concat([this.#got, chunk]);
      this.#changed();
    });
    this.socket.on('close', () => this.#changed());
  }

  async read(bytes: number): Promise<Buffer> {
    while (this.#got.length < bytes) {
      if (this.socket.destroyed) throw new Error(`closed after ${this.#got.length} of ${bytes} bytes`);
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
    const read = this.#got.subarray(0, bytes);
    this.#got = this.#got.subarray(bytes);
    return read;
  }

  async echo(text: string): Promise<void> {
    this.socket.write(text);
    expect(String(await this.read(text.length))).toBe(text);
  }
}

/** A connection through the SOCKS inbound, which asks for a password. */
async function throughSocks(port: number, target: number): Promise<Stream> {
  const stream = new Stream(port);
  const { socket } = stream;
  socket.write(Buffer.from([5, 1, 2]));
  expect([...(await stream.read(2))]).toEqual([5, 2]);
  socket.write(Buffer.concat([Buffer.from([1, 3]), Buffer.from('ann'), Buffer.from([3]), Buffer.from('pwd')]));
  expect([...(await stream.read(2))]).toEqual([1, 0]);
  const request = Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, 0, 0]);
  request.writeUInt16BE(target, 8);
  socket.write(request);
  expect((await stream.read(10))[1]).toBe(0);
  return stream;
}

it(`is reloaded ${RELOADS} times under load: no connection is lost or refused, and no memory`, async () => {
  const target: Server = started.add(await serve((socket) => socket.pipe(socket)));
  const [port, more] = [await freePort(), await freePort()];
  // Every time another password for somebody else, another rule, and every second time a further inbound.
  const config = (n: number): object => ({
    log: { loglevel: 'warning' },
    stats: {},
    inbounds: [
      {
        tag: 'in',
        listen: '127.0.0.1',
        port,
        protocol: 'socks',
        settings: {
          auth: 'password',
          accounts: [
            { user: 'ann', pass: 'pwd' },
            { user: 'bob', pass: `${n}` },
          ],
        },
      },
      ...(n % 2 === 0 ? [{ tag: 'more', listen: '127.0.0.1', port: more, protocol: 'http', settings: {} }] : []),
    ],
    outbounds: [
      { tag: 'out', protocol: 'freedom', settings: { userLevel: n % 3 } },
      { tag: 'block', protocol: 'blackhole' },
    ],
    routing: { rules: [{ type: 'field', domain: [`full:n${n}.example`], outboundTag: 'block' }] },
  });
  const control = join(tmpdir(), `sluice-reload-${process.pid}.sock`);
  const program: SluiceProcess = started.add(await startSluice(config(0), [port], { args: ['--control', control] }));

  const streams = await Promise.all(Array.from({ length: STREAMS }, () => throughSocks(port, target.port)));
  let isOver = false;
  let exchanges = 0;
  let connections = 0;
  const faults: string[] = [];
  const fault = (error: unknown): void => void faults.push(String(error));
  const busy = streams.map(async (stream, index) => {
    for (let n = 0; !isOver; n += 1) {
      await stream.echo(`stream ${index}, message ${n} ${'x'.repeat(2000)}`);
      exchanges += 1;
    }
  });
  const coming = [1, 2].map(async () => {
    while (!isOver) {
      const stream = await throughSocks(port, target.port);
      await stream.echo('hello');
      connections += 1;
      const closed = once(stream.socket, 'close');
      stream.socket.end();
      await closed;
    }
  });
  const load = Promise.all([...busy, ...coming].map((each) => each.catch(fault)));
  let early = 0;
  for (let n = 1; n <= RELOADS; n += 1) {
    await write(program.configFile, config(n));
    const answer = await reload(control);
    expect(answer).toMatchObject({
      ok: true,
      report: { replaced: expect.arrayContaining(['inbound in']) as string[] },
    });
    // By then code is compiled and pools are filled.
    if (n === RELOADS / 2) early = rss(program.pid);
  }
  isOver = true;
  await load;
  expect(faults).toEqual([]);
  expect(exchanges).toBeGreaterThan(RELOADS);
  expect(connections).toBeGreaterThan(RELOADS / 4);
  const grown = rss(program.pid) - early;
  process.stdout.write(
    `${RELOADS} reloads: ${exchanges} exchanges on ${STREAMS} streams, ${connections} new connections, ` +
      `${(early / MIB).toFixed(0)} MiB half-way, ${(grown / MIB).toFixed(0)} MiB more at the end\n`,
  );
  expect(grown).toBeLessThan(48 * MIB);
  for (const { socket } of streams) socket.end();
}, 180_000);
