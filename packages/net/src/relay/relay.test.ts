import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import fc from 'fast-check';
import {
  Counter,
  DataPlane,
  Link,
  Relay,
  SluiceError,
  TokenBucket,
  type Codec,
  type RelayResult,
  type RelayTimeouts,
} from '../index.js';
import { errorAtEnd } from '../tcp/raw-socket.js';
import { ConnServer, dialLoopback, hashToEnd, PeerServer, settled, sha256 } from '../loopback.fixture.js';

interface Joined {
  readonly client: net.Socket;
  readonly target: net.Socket;
  readonly relay: Relay;
  readonly ended: Promise<RelayResult>;
}

interface JoinOptions {
  readonly timeouts?: Partial<{ connIdle: number; uplinkOnly: number; downlinkOnly: number }>;
  readonly upstreamTimeouts?: RelayTimeouts;
  readonly codecs?: { client?: [Codec, Codec]; upstream?: [Codec, Codec] };
  readonly uplink?: Counter;
  readonly downlink?: Counter;
  /** Bytes a second. */
  readonly rates?: { readonly uplink?: number; readonly downlink?: number };
}

/** client (Node) ↔ conn ‖ relay ‖ conn ↔ target (Node), and a check that nothing is left over. */
async function joined(options: JoinOptions, body: (joined: Joined) => Promise<void>): Promise<DataPlane> {
  const plane = new DataPlane();
  const inbound = await ConnServer.start(plane);
  const origin = await PeerServer.start();
  const client = net.connect({ port: inbound.port, host: '127.0.0.1', allowHalfOpen: true });
  const a = new Link(await inbound.nextConn());
  const b = new Link(await dialLoopback(plane, origin.port));
  const target = await origin.nextSocket();
  for (const socket of [client, target]) socket.on('error', () => undefined);
  const { codecs } = options;
  b.timeouts = options.upstreamTimeouts;
  if (codecs?.client !== undefined) a.push({ decode: codecs.client[0], encode: codecs.client[1] });
  if (codecs?.upstream !== undefined) b.push({ decode: codecs.upstream[0], encode: codecs.upstream[1] });
  let onEnd: (result: RelayResult) => void = () => undefined;
  const ended = new Promise<RelayResult>((resolve) => {
    onEnd = resolve;
  });
  const relay = new Relay(plane, a, b, {
    timeouts: { connIdle: 30_000, uplinkOnly: 10_000, downlinkOnly: 10_000, ...options.timeouts },
    uplink: options.uplink,
    downlink: options.downlink,
    uplinkRate: bucket(plane, options.rates?.uplink),
    downlinkRate: bucket(plane, options.rates?.downlink),
    onEnd,
  });
  relay.start();
  try {
    await body({ client, target, relay, ended });
  } finally {
    client.destroy();
    target.destroy();
    origin.close();
    await inbound.listener.close();
    relay.close();
    await settled(plane);
  }
  return plane;
}

function bucket(plane: DataPlane, rate: number | undefined): TokenBucket | undefined {
  return rate === undefined ? undefined : new TokenBucket(plane.timers, rate);
}

/** Ends what it counts for when the quota is passed. */
class Quota extends Counter {
  constructor(
    readonly limit: number,
    readonly passed: () => void,
  ) {
    super();
  }

  override add(n: number): void {
    super.add(n);
    if (this.value > this.limit) this.passed();
  }
}

class Xor implements Codec {
  #at = 0;
  disposed = false;
  constructor(readonly key: Buffer) {}
  write(chunk: Buffer, emit: (bytes: Buffer) => void): void {
    const out = Buffer.from(chunk);
    for (let i = 0; i < out.length; i += 1) out[i] = (out[i] ?? 0) ^ (this.key[this.#at++ % this.key.length] ?? 0);
    emit(out);
  }
  dispose(): void {
    this.disposed = true;
  }
}

/** Emits slices of the chunk itself, one byte or more at a time: the hardest case for memory. */
class Slices implements Codec {
  write(chunk: Buffer, emit: (bytes: Buffer) => void): void {
    const step = Math.max(1, Math.floor(chunk.length / 3));
    for (let i = 0; i < chunk.length; i += step) emit(chunk.subarray(i, i + step));
  }
}

/** Notes how much it is given at once. */
class Sizes implements Codec {
  largest = 0;
  constructor(readonly takesLargeChunks: boolean) {}
  write(chunk: Buffer, emit: (bytes: Buffer) => void): void {
    this.largest = Math.max(this.largest, chunk.length);
    emit(chunk);
  }
}

class Failing implements Codec {
  write(): void {
    throw new SluiceError('E_PROTOCOL', 'not what was expected');
  }
}

/** Gives everything out at the end: what waits for the receiver then is a lot. */
class AllAtEnd implements Codec {
  readonly #kept: Buffer[] = [];
  write(chunk: Buffer): void {
    this.#kept.push(Buffer.from(chunk));
  }
  end(emit: (bytes: Buffer) => void): void {
    emit(Buffer.concat(this.#kept));
  }
}

class BadDispose extends Xor {
  override dispose(): void {
    throw new Error('cannot be freed');
  }
}

const payload = (bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
const TEN_MIB = Buffer.alloc(10 * 1024 * 1024, payload(65_521));

describe('Relay', () => {
  it('carries 10 MiB both ways at once, by hash, with half-close and counters', async () => {
    const uplink = new Counter();
    const downlink = new Counter();
    const plane = await joined({ uplink, downlink }, async ({ client, target, ended }) => {
      const up = hashToEnd(target);
      const down = hashToEnd(client);
      client.end(TEN_MIB);
      target.end(TEN_MIB);
      const expected = { bytes: TEN_MIB.length, sha256: sha256(TEN_MIB) };
      expect(await up).toEqual(expected);
      expect(await down).toEqual(expected);
      expect(await ended).toMatchObject({ uplink: TEN_MIB.length, downlink: TEN_MIB.length, end: 'done' });
    });
    expect([uplink.value, downlink.value]).toEqual([TEN_MIB.length, TEN_MIB.length]);
    expect(plane.state().buffers.borrowed).toBe(0);
  });

  it.each([
    [
      'decoder and encoder',
      {
        client: [new Xor(Buffer.from('key')), new Xor(Buffer.from('abcd'))],
        upstream: [new Xor(Buffer.from('12345')), new Xor(Buffer.from('zz'))],
      },
    ],
    ['slices of shared memory', { client: [new Slices(), new Slices()], upstream: [new Slices(), new Slices()] }],
  ] as [string, NonNullable<JoinOptions['codecs']>][])('passes through codecs: %s', async (name, codecs) => {
    await joined({ codecs }, async ({ client, target, ended }) => {
      const up = hashToEnd(target);
      const down = hashToEnd(client);
      client.end(TEN_MIB);
      target.end(TEN_MIB);
      const through = (first: Buffer, second: Buffer): Buffer => {
        if (name !== 'decoder and encoder') return TEN_MIB;
        return Buffer.from(
          TEN_MIB.map((byte, i) => byte ^ (first[i % first.length] ?? 0) ^ (second[i % second.length] ?? 0)),
        );
      };
      expect((await up).sha256).toBe(sha256(through(Buffer.from('key'), Buffer.from('zz'))));
      expect((await down).sha256).toBe(sha256(through(Buffer.from('12345'), Buffer.from('abcd'))));
      await ended;
    });
  });

  it.each([
    [[true, true], 512 * 1024],
    [[true, false], 64 * 1024],
    [[false, true], 64 * 1024],
  ])('reads no more at once than all codecs of a direction want: %j', async ([first, second], most) => {
    const [decode, encode] = [new Sizes(first === true), new Sizes(second === true)];
    const unused = new Sizes(false);
    const plane = await joined(
      { codecs: { client: [decode, unused], upstream: [unused, encode] } },
      async ({ client, target, ended }) => {
        const up = hashToEnd(target);
        client.end(TEN_MIB);
        target.end();
        expect((await up).sha256).toBe(sha256(TEN_MIB));
        await ended;
      },
    );
    expect(encode.largest).toBe(decode.largest);
    expect(decode.largest).toBeLessThanOrEqual(most);
    if (most > 64 * 1024) expect(decode.largest).toBeGreaterThan(64 * 1024);
    expect(plane.state().buffers.borrowed).toBe(0);
  });

  it('keeps connections that read into shared memory apart', async () => {
    const streams = Array.from({ length: 12 }, (_, i) => Buffer.alloc(3_000_000, String.fromCharCode(65 + i)));
    await Promise.all(
      streams.map((bytes) =>
        joined({}, async ({ client, target, ended }) => {
          const up = hashToEnd(target);
          const down = hashToEnd(client);
          client.end(bytes);
          target.end(bytes);
          expect((await up).sha256).toBe(sha256(bytes));
          expect((await down).sha256).toBe(sha256(bytes));
          await ended;
        }),
      ),
    );
  });

  it('carries any sequence of small writes unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 70_000 }), { minLength: 1, maxLength: 8 }),
        async (chunks) => {
          await joined({}, async ({ client, target, ended }) => {
            const up = hashToEnd(target);
            for (const chunk of chunks) client.write(chunk);
            client.end();
            expect((await up).sha256).toBe(sha256(Buffer.concat(chunks)));
            target.end();
            client.resume();
            await ended;
          });
        },
      ),
      { numRuns: 15 },
    );
  });

  it('stops reading from a fast sender while the receiver does not read', async () => {
    await joined({}, async ({ client, target, relay }) => {
      target.pause();
      const flood = Buffer.alloc(1024 * 1024);
      let accepted = 0;
      const pump = (): void => {
        while (client.write(flood, () => (accepted += flood.length))) {
          // Until the socket's own buffer is full.
        }
      };
      client.on('drain', pump);
      pump();
      // Stalled: the same figure for a hundred turns of the loop in a row.
      let last = -1;
      for (let same = 0; same < 100;) {
        await new Promise((resolve) => setImmediate(resolve));
        same = relay.uplink === last && last > 0 ? same + 1 : 0;
        last = relay.uplink;
      }
      expect(last).toBeLessThan(40 * 1024 * 1024);
      client.off('drain', pump);
      target.resume();
      client.end();
      await once(target, 'end');
      expect(relay.uplink).toBeGreaterThanOrEqual(accepted);
    });
  });

  it('cuts the other side off when one is reset, so that nobody takes it for complete', async () => {
    await joined({}, async ({ client, target, ended }) => {
      const failed = once(client, 'error');
      target.write('half an answer');
      await once(client, 'data');
      target.resetAndDestroy();
      expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
      expect(await ended).toMatchObject({ end: 'upstream-reset', error: { code: 'E_CONN_RESET' } });
    });
    await joined({}, async ({ client, target, ended }) => {
      client.write('x');
      await once(target, 'data');
      client.resetAndDestroy();
      expect(await ended).toMatchObject({ end: 'client-reset' });
    });
  });

  it('obeys a link that asks for shorter times, and not one that asks for longer', async () => {
    const upstreamTimeouts = { connIdle: 100, uplinkOnly: 60_000, downlinkOnly: 60_000 };
    await joined({ upstreamTimeouts, timeouts: { downlinkOnly: 100 } }, async ({ ended }) => {
      expect(await ended).toMatchObject({ end: 'idle' });
    });
    await joined(
      { upstreamTimeouts: { ...upstreamTimeouts, connIdle: 60_000 }, timeouts: { downlinkOnly: 100 } },
      async ({ client, ended }) => {
        client.end();
        expect(await ended).toMatchObject({ end: 'done' });
      },
    );
  });

  it('closes an idle connection after connIdle and no earlier than its last byte', async () => {
    await joined({ timeouts: { connIdle: 300 } }, async ({ client, target, ended }) => {
      const started = performance.now();
      client.write('x');
      await once(target, 'data');
      target.write('y');
      await once(client, 'data');
      expect(await ended).toMatchObject({ end: 'idle', uplink: 1, downlink: 1 });
      expect(performance.now() - started).toBeGreaterThanOrEqual(290);
    });
  });

  it('gives the open direction uplinkOnly or downlinkOnly after the other has ended', async () => {
    await joined({ timeouts: { downlinkOnly: 200 } }, async ({ client, target, ended }) => {
      client.end('bye');
      await once(target, 'data');
      expect(await ended).toMatchObject({ end: 'done', uplink: 3 });
    });
    await joined({ timeouts: { uplinkOnly: 200 } }, async ({ client, target, ended }) => {
      target.end('bye');
      await once(client, 'data');
      expect(await ended).toMatchObject({ end: 'done', downlink: 3 });
    });
  });

  it("ends with the codec's reason, and disposes of every codec", async () => {
    const decode = new Xor(Buffer.from('k'));
    const codecs: NonNullable<JoinOptions['codecs']> = {
      client: [new Failing(), new Xor(Buffer.from('k'))],
      upstream: [decode, new Xor(Buffer.from('k'))],
    };
    await joined({ codecs }, async ({ client, ended }) => {
      client.write('anything');
      expect(await ended).toMatchObject({ end: 'error', error: { code: 'E_PROTOCOL' } });
      expect(decode.disposed).toBe(true);
    });
  });

  describe('with a receiver that is slower than uplinkOnly', () => {
    // More than the kernel keeps for a socket.
    const MUCH = Buffer.concat([TEN_MIB, TEN_MIB, TEN_MIB, TEN_MIB]);

    it('waits for it to take the last bytes', async () => {
      const timeouts = { uplinkOnly: 100, downlinkOnly: 100 };
      await joined(
        { timeouts, codecs: { upstream: [new AllAtEnd(), new AllAtEnd()] } },
        async ({ client, target, ended }) => {
          client.pause();
          target.end(MUCH);
          // Several times what the open direction may be quiet.
          await new Promise((resolve) => setTimeout(resolve, 700));
          const down = hashToEnd(client);
          client.resume();
          expect(await down).toEqual({ bytes: MUCH.length, sha256: sha256(MUCH) });
          client.end();
          expect(await ended).toMatchObject({ end: 'done', downlink: MUCH.length });
        },
      );
    });

    it('shows it by a reset if it takes nothing at all for connIdle', async () => {
      const timeouts = { connIdle: 300, uplinkOnly: 100, downlinkOnly: 100 };
      await joined(
        { timeouts, codecs: { upstream: [new AllAtEnd(), new AllAtEnd()] } },
        async ({ client, target, ended }) => {
          client.pause();
          target.end(MUCH);
          await ended;
          const failed = new Promise<unknown>((resolve) => {
            client.on('error', resolve);
            // Node takes a reset that comes with unread bytes for an end.
            client.on('end', () => resolve(errorAtEnd(client)));
          });
          client.resume();
          expect(await failed).toMatchObject({ code: 'ECONNRESET' });
        },
      );
    });
  });

  it('tells a reset from an end though bytes before it are still unread', async () => {
    // Half of the 50 connections are reset while the relay still has to read from them.
    for (let i = 0; i < 50; i += 1) {
      await joined({}, async ({ client, target, ended }) => {
        client.write('x');
        await once(target, 'data');
        if (i % 2 === 0) client.end();
        target.write(Buffer.alloc(1 + i * 3000));
        target.resetAndDestroy();
        client.resume();
        expect(await ended).toMatchObject({ end: 'upstream-reset', error: { code: 'E_CONN_RESET' } });
      });
    }
  });

  it('closes both conns though a codec cannot be disposed of', async () => {
    const warned = once(process, 'warning');
    const codecs: NonNullable<JoinOptions['codecs']> = {
      client: [new BadDispose(Buffer.from('k')), new Xor(Buffer.from('k'))],
    };
    await joined({ codecs }, async ({ client, target, ended }) => {
      const up = hashToEnd(target);
      client.end('x');
      await up;
      target.end();
      client.resume();
      expect(await ended).toMatchObject({ end: 'done' });
    });
    expect((await warned)[0]).toMatchObject({ message: 'cannot be freed' });
  });

  it.each(['client', 'upstream'] as const)('ends when the %s is gone before it starts', async (gone) => {
    const plane = new DataPlane();
    const inbound = await ConnServer.start(plane);
    const origin = await PeerServer.start();
    const client = net.connect({ port: inbound.port, host: '127.0.0.1', allowHalfOpen: true });
    const a = new Link(await inbound.nextConn());
    const b = new Link(await dialLoopback(plane, origin.port));
    const target = await origin.nextSocket();
    for (const socket of [client, target]) socket.on('error', () => undefined).resume();
    const others = gone === 'client' ? target : client;
    const closed = new Promise((resolve) => others.on('close', resolve));
    (gone === 'client' ? a : b).destroy();
    const ended = new Promise<RelayResult>((resolve) => {
      const timeouts = { connIdle: 30_000, uplinkOnly: 10_000, downlinkOnly: 10_000 };
      new Relay(plane, a, b, { timeouts, onEnd: resolve }).start();
    });
    await ended;
    await closed;
    client.destroy();
    target.destroy();
    origin.close();
    await inbound.listener.close();
    await settled(plane);
  });
});

describe('a relay with meters', () => {
  it.each([
    ['without codecs', undefined],
    ['with codecs', { upstream: [new Xor(Buffer.of(7)), new Xor(Buffer.of(9))] as [Codec, Codec] }],
  ])('slows down to its rate and loses nothing, %s', async (_name, codecs) => {
    const sent = Buffer.alloc(400_000, 'rate');
    const options = { rates: { uplink: 300_000 }, ...(codecs === undefined ? {} : { codecs }) };
    await joined(options, async ({ client, target, relay, ended }) => {
      const waits = vi.spyOn(TokenBucket.prototype, 'wait');
      client.end(sent);
      const got = await hashToEnd(target);
      const expected = codecs === undefined ? sent : Buffer.from(sent.map((byte) => byte ^ 9));
      expect(got.sha256).toBe(sha256(expected));
      expect(waits.mock.calls.length).toBeGreaterThan(0);
      waits.mockRestore();
      expect(relay.uplink).toBe(sent.length);
      target.end();
      expect((await ended).end).toBe('done');
    });
  });

  it('does not take a wait for its rate for idleness', async () => {
    await joined({ rates: { uplink: 20_000 }, timeouts: { connIdle: 200 } }, async ({ client, target }) => {
      client.write(Buffer.alloc(40_000));
      client.write(Buffer.alloc(30_000));
      let got = 0;
      for await (const chunk of target) {
        got += (chunk as Buffer).length;
        if (got === 70_000) break;
      }
      expect(got).toBe(70_000);
    });
  });

  it('may be ended by its counter in the middle of a chunk', async () => {
    const reason = new SluiceError('E_QUOTA', 'the quota is used up');
    const late: { end?: () => void } = {};
    const quota = new Quota(100_000, () => late.end?.());
    await joined({ downlink: quota }, async ({ client, target, relay, ended }) => {
      late.end = () => relay.close('error', reason);
      target.write(Buffer.alloc(1 << 20));
      client.resume();
      const result = await ended;
      expect(result.end).toBe('error');
      expect(result.error).toBe(reason);
      expect(result.downlink).toBeGreaterThan(100_000);
    });
  });
});
