import { randomBytes } from 'node:crypto';
import {
  Counter,
  DataPlane,
  destination,
  SluiceError,
  type Conn,
  type ConnSink,
  type Destination,
} from '@sluice/plugin-api';
import {
  DirectDialer,
  startFakeMiddleProxy,
  StubSession,
  type FakeMiddleProxy,
  type ProxiedClient,
} from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keystreamOf, type Keystream } from '../obfuscation/ctr.js';
import { MiddleProxyPool } from './middle-proxy-pool.js';
import type { MiddleProxyTarget } from './middle-proxy-target.js';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const packet = (fill: number): Buffer => Buffer.concat([Buffer.of(8, 0, 0, 0), Buffer.alloc(8, fill)]);

/** Keeps what it is told, in order; what it does on data is up to the test. */
class Recorder implements ConnSink {
  readonly told: string[] = [];
  readonly #down: Keystream;
  onBytes: (bytes: Buffer) => void = () => undefined;

  constructor(down: Keystream) {
    this.#down = down;
  }

  onData(chunk: Buffer, volatile: boolean): void {
    expect(volatile).toBe(false);
    const plain = this.#down.update(chunk);
    this.told.push(`data ${plain.subarray(4).toString('hex')}`);
    this.onBytes(plain);
  }

  onEnd(): void {
    this.told.push('end');
  }

  onDrain(): void {
    this.told.push('drain');
  }

  onClose(error: Error | undefined): void {
    this.told.push(`close ${error instanceof SluiceError ? error.code : String(error)}`);
  }

  async until(entry: string): Promise<void> {
    while (!this.told.includes(entry)) await tick();
  }
}

let middle: FakeMiddleProxy;
let plane: DataPlane;
let pool: MiddleProxyPool;
let target: MiddleProxyTarget;

beforeEach(async () => {
  middle = await startFakeMiddleProxy({ mode: 'sink' });
  plane = new DataPlane();
  const dialer = new DirectDialer(plane);
  const dial = (to: Destination) => ({ link: dialer.dial(new StubSession(), to), close: () => undefined });
  const logger = { debug: () => undefined } as unknown as ConstructorParameters<typeof MiddleProxyPool>[0]['logger'];
  pool = new MiddleProxyPool({ plane, logger, dial });
  target = {
    preferred: destination('tcp', middle.host, middle.port),
    alternatives: [],
    secret: middle.secret,
    adTag: randomBytes(16),
    natAddress: undefined,
    poolKey: '',
    failed: () => undefined,
    worked: () => undefined,
  };
});

afterEach(async () => {
  expect(middle.violations).toEqual([]);
  pool.close();
  await middle.close();
  while (plane.conns + plane.timers.size > 0) await tick();
});

interface Client {
  readonly conn: Conn;
  readonly sink: Recorder;
  /** What a client would send for a message of eight such bytes. */
  packet(fill: number): Buffer;
}

async function connect(): Promise<Client> {
  const [upMaterial, downMaterial] = [randomBytes(48), randomBytes(48)];
  const endpoint = { address: '127.0.0.1', port: 1 };
  const layer = { framing: 'intermediate', dc: 2, up: keystreamOf(upMaterial), downMaterial } as const;
  const { conn } = await pool.connect(target, { layer, source: endpoint, local: endpoint });
  const up = keystreamOf(upMaterial);
  const sink = new Recorder(keystreamOf(downMaterial));
  conn.attach(sink, true);
  return { conn, sink, packet: (fill) => up.update(packet(fill)) };
}

/** A client that the middle proxy knows. */
async function introduced(): Promise<Client & { readonly seen: ProxiedClient }> {
  const client = await connect();
  expect(client.conn.write(client.packet(1))).toBe(true);
  return { ...client, seen: await middle.nextClient() };
}

/** All that the middle proxy has sent so far has arrived, as the answer to this client shows. */
async function settled(): Promise<void> {
  const { conn, sink, seen } = await introduced();
  conn.resume();
  seen.answer(Buffer.alloc(8, 0xee));
  await sink.until(`data ${'ee'.repeat(8)}`);
  conn.destroy();
}

const data = (fill: number): string => `data ${fill.toString(16).padStart(2, '0').repeat(8)}`;

describe('a conn through a shared middle proxy', () => {
  it('is paused at first, and gives what has come in order when it is resumed', async () => {
    const { conn, sink, seen } = await introduced();
    for (const fill of [1, 2, 3]) seen.answer(Buffer.alloc(8, fill));
    await settled();
    expect(sink.told).toEqual([]);
    conn.resume();
    expect(sink.told).toEqual([data(1), data(2), data(3)]);
    expect(conn.bytesRead).toBe(36);
  });

  it('stops within what has come if it is paused there, and goes on if it is resumed there', async () => {
    const { conn, sink, seen } = await introduced();
    for (const fill of [1, 2, 3, 4]) seen.answer(Buffer.alloc(8, fill));
    await settled();
    sink.onBytes = (bytes) => {
      conn.pause();
      if (bytes[4] !== 2) conn.resume();
    };
    conn.resume();
    expect(sink.told).toEqual([data(1), data(2)]);
    conn.resume();
    expect(sink.told).toEqual([data(1), data(2), data(3), data(4)]);
    seen.answer(Buffer.alloc(8, 5));
    await sink.until(data(5));
  });

  it('comes to its end behind the last byte, and closes when both directions have ended', async () => {
    const { conn, sink, seen } = await introduced();
    seen.answer(Buffer.alloc(8, 1));
    seen.close();
    await settled();
    expect(sink.told).toEqual([]);
    sink.onBytes = () => conn.pause();
    conn.resume();
    expect(sink.told).toEqual([data(1)]);
    conn.resume();
    expect(sink.told).toEqual([data(1), 'end']);
    // Nobody takes it any more.
    expect(conn.write(Buffer.alloc(12))).toBe(true);
    await tick();
    expect(conn.destroyed).toBe(false);
    conn.end();
    expect(sink.told).toHaveLength(2);
    await tick();
    expect(sink.told).toEqual([data(1), 'end', 'close undefined']);
    expect(conn.destroyed).toBe(true);
  });

  it('goes on reading after its own end, until the other', async () => {
    const { conn, sink, seen } = await introduced();
    conn.resume();
    conn.end();
    conn.end();
    expect(conn.write(Buffer.alloc(12))).toBe(true);
    seen.answer(Buffer.alloc(8, 1));
    seen.close();
    await sink.until('close undefined');
    expect(sink.told).toEqual([data(1), 'end', 'close undefined']);
  });

  it.each(['destroy', 'reset'] as const)(
    'tells its sink once when it is closed by %s, and the middle proxy',
    async (how) => {
      const { conn, sink, seen, packet: next } = await introduced();
      conn[how](new SluiceError('E_CLOSING', 'first'));
      conn[how](new SluiceError('E_INTERNAL', 'second'));
      expect(sink.told).toEqual([]);
      expect(conn.write(next(2))).toBe(true);
      conn.resume();
      await tick();
      expect(sink.told).toEqual(['close E_CLOSING']);
      expect(await seen.closed).toBe('proxy');
      const late = new Recorder(keystreamOf(randomBytes(48)));
      conn.attach(late, false);
      expect(late.told).toEqual([]);
      await tick();
      expect(late.told).toEqual(['close E_CLOSING']);
    },
  );

  it('that has sent nothing is nothing to the middle proxy', async () => {
    const { conn, packet: next } = await connect();
    conn.write(next(1).subarray(0, 11));
    conn.destroy();
    await settled();
    const [connection] = [await middle.nextConnection()];
    expect(connection.clients).toHaveLength(1);
  });

  it('closes alone if its sink fails, wherever', async () => {
    const [first, second, other] = [await introduced(), await introduced(), await introduced()];
    const fails = (): never => {
      throw new SluiceError('E_PROTOCOL', 'cannot be');
    };
    first.sink.onBytes = fails;
    second.sink.onEnd = fails;
    for (const { conn } of [first, second, other]) conn.resume();
    first.seen.answer(Buffer.alloc(8, 1));
    second.seen.close();
    other.seen.answer(Buffer.alloc(8, 3));
    await other.sink.until(data(3));
    await tick();
    expect(first.sink.told).toEqual([data(1), 'close E_PROTOCOL']);
    expect(second.sink.told).toEqual(['close E_PROTOCOL']);
    expect(middle.accepted).toBe(1);
  });

  it('takes memory that changes after the call', async () => {
    const { conn, seen, packet: next } = await introduced();
    const bytes = next(7);
    for (const part of [bytes.subarray(0, 5), bytes.subarray(5)]) {
      const memory = new Uint8Array(part);
      expect(conn.writeVolatile(memory)).toBe(true);
      memory.fill(0);
    }
    await seen.nextRequest();
    expect((await seen.nextRequest()).data).toEqual(Buffer.alloc(8, 7));
  });

  it('counts the bytes of its client', async () => {
    const { conn, sink, seen, packet: next } = await introduced();
    const [read, written] = [new Counter(), new Counter()];
    conn.meter(read, written);
    conn.resume();
    conn.write(next(2));
    seen.answer(Buffer.alloc(8, 1));
    await sink.until(data(1));
    expect([read.value, written.value, conn.bytesRead, conn.bytesWritten]).toEqual([12, 12, 12, 24]);
  });

  it('is told when the connection below is gone, with what had come for nobody to take', async () => {
    const { conn, sink, seen } = await introduced();
    seen.answer(Buffer.alloc(8, 1));
    await settled();
    (await middle.nextConnection()).destroy();
    await sink.until('close E_CONN_RESET');
    expect(sink.told).toEqual(['close E_CONN_RESET']);
    expect(conn.destroyed).toBe(true);
  });
});
