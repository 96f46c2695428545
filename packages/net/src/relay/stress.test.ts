import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataPlane, Link, Relay, type Codec, type RelayResult } from '../index.js';
import { errorAtEnd } from '../tcp/raw-socket.js';
import { ConnServer, dialLoopback, PeerServer, settled } from '../loopback.fixture.js';

const CONNECTIONS = 60;
const BYTES = 3 * 1024 * 1024;
const TIMEOUTS = { connIdle: 30_000, uplinkOnly: 10_000, downlinkOnly: 10_000 };

/** A small generator with a seed, so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

/** What one direction of one connection carries: no two have the same bytes at the same place. */
class Pattern {
  readonly bytes: Buffer;
  constructor(seed: number) {
    const next = random(seed);
    const period = Buffer.from(Array.from({ length: 4099 }, () => Math.floor(next() * 256)));
    this.bytes = Buffer.alloc(BYTES, period);
  }
}

class Slices implements Codec {
  write(chunk: Buffer, emit: (bytes: Buffer) => void): void {
    const step = Math.max(1, Math.floor(chunk.length / 5));
    for (let at = 0; at < chunk.length; at += step) emit(chunk.subarray(at, at + step));
  }
}

/** Emits from one memory that it uses again where it may. */
class Reusing implements Codec {
  #memory = Buffer.alloc(0);
  write(chunk: Buffer, emit: (bytes: Buffer) => boolean | void): void {
    if (this.#memory.length < chunk.length) this.#memory = Buffer.allocUnsafeSlow(chunk.length);
    chunk.copy(this.#memory);
    const free = emit(this.#memory.subarray(0, chunk.length));
    if (free === true) this.#memory.fill(0xee);
    else this.#memory = Buffer.alloc(0);
  }
}

class LargeSlices extends Slices {
  readonly takesLargeChunks = true;
}

class LargeReusing extends Reusing {
  readonly takesLargeChunks = true;
}

interface Received {
  bytes: number;
  ended: boolean;
  wrongAt: number;
  /** The other end's way out was to close: that is an end like any other. */
  closed: boolean;
}

/** Writes in pieces of any size; reads with pauses; compares every byte; may be killed on the way. */
function play(
  socket: net.Socket,
  own: Pattern,
  theirs: Pattern,
  next: () => number,
  killAfter: number,
): Promise<Received> {
  const got: Received = { bytes: 0, ended: false, wrongAt: -1, closed: false };
  let sent = 0;
  const write = (): void => {
    while (sent < BYTES && !socket.destroyed) {
      const size = next() < 0.3 ? 1 + Math.floor(next() * 2000) : 1 + Math.floor(next() * 200_000);
      const piece = own.bytes.subarray(sent, sent + size);
      sent += piece.length;
      if (!socket.write(piece)) return;
    }
    if (sent >= BYTES) socket.end();
  };
  socket.on('drain', write);
  write();
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      if (got.wrongAt < 0 && !chunk.equals(theirs.bytes.subarray(got.bytes, got.bytes + chunk.length))) {
        got.wrongAt = got.bytes;
      }
      got.bytes += chunk.length;
      if (got.bytes > killAfter) {
        got.closed = next() < 0.5;
        if (got.closed) socket.destroy();
        else socket.resetAndDestroy();
      } else if (next() < 0.05) {
        socket.pause();
        setTimeout(() => socket.resume(), next() * 40);
      }
    });
    // Node takes a reset that comes with unread bytes for an end.
    socket.on('end', () => (got.ended = errorAtEnd(socket) === undefined));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(got));
  });
}

describe('many relays at once', () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  beforeEach(() => process.on('unhandledRejection', note));
  afterEach(() => void process.off('unhandledRejection', note));

  it.each([1, 2])('mix up no bytes, whoever pauses or dies, and leave nothing behind (seed %i)', async (seed) => {
    const plane = new DataPlane();
    const inbound = await ConnServer.start(plane);
    const origin = await PeerServer.start();
    const next = random(seed);
    const runs: Promise<void>[] = [];
    for (let i = 0; i < CONNECTIONS; i += 1) {
      const client = net.connect({ port: inbound.port, host: '127.0.0.1', allowHalfOpen: true });
      const a = new Link(await inbound.nextConn());
      const b = new Link(await dialLoopback(plane, origin.port));
      const target = await origin.nextSocket();
      const codec = [undefined, undefined, Slices, LargeSlices, Reusing, LargeReusing][i % 6];
      if (codec !== undefined) a.push({ decode: new codec(), encode: new codec() });
      const ended = new Promise<RelayResult>((resolve) => {
        new Relay(plane, a, b, { timeouts: TIMEOUTS, onEnd: resolve }).start();
      });
      const killed = next() < 0.4;
      const [up, down] = [new Pattern(2 * i + 1), new Pattern(2 * i + 2)];
      const killAt = next() * BYTES;
      const played = [
        play(client, up, down, random(seed * 1000 + i), killed && i % 2 === 0 ? killAt : Infinity),
        play(target, down, up, random(seed * 2000 + i), killed && i % 2 === 1 ? killAt : Infinity),
      ];
      runs.push(
        Promise.all(played).then(async (received) => {
          const { end } = await ended;
          expect(received.map(({ wrongAt }) => wrongAt)).toEqual([-1, -1]);
          // A stream that is not complete is not seen as complete.
          if (received.some(({ closed }) => closed)) return;
          for (const { bytes, ended: complete } of received) if (complete) expect(bytes).toBe(BYTES);
          if (!killed) expect([end, ...received.map(({ bytes }) => bytes)]).toEqual(['done', BYTES, BYTES]);
        }),
      );
    }
    await Promise.all(runs);
    origin.close();
    await inbound.listener.close();
    await settled(plane);
    expect(unhandled).toEqual([]);
  });
});
