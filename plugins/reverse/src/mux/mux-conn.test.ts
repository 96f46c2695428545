import { Buffer } from 'node:buffer';
import { createHash, randomBytes } from 'node:crypto';
import { destination, Link, LinkDuplex, Relay, SluiceError, type Conn, type DataPlane } from '@sluice/plugin-api';
import { describe, expect, test, vi } from 'vitest';
import { frameStatus } from './frame.js';
import { decodeFrames, frameBytes } from './frames.fixture.js';
import { lonelySide, muxPair, SeenBytes, type MuxPair } from './mux-pair.fixture.js';

const web = destination('tcp', 'web.example', 80);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function streamPair({ client, server }: MuxPair): Promise<{ near: Conn; far: Conn }> {
  const near = client.mux.openConn(web);
  const { stream: far, to } = await server.conns.next();
  expect(to).toEqual(web);
  return { near, far };
}

async function expectClean(plane: DataPlane): Promise<void> {
  await vi.waitFor(() => expect(plane.state()).toMatchObject({ conns: 0, timers: 0, buffers: { borrowed: 0 } }));
}

async function closePair({ plane, client, server }: MuxPair): Promise<void> {
  client.mux.finish();
  await server.closed;
  await expectClean(plane);
}

describe('a stream', () => {
  test('carries both directions, each to its end', async () => {
    const pair = muxPair();
    const { near, far } = await streamPair(pair);
    const [atNear, atFar] = [new SeenBytes(near), new SeenBytes(far)];
    near.write(Buffer.from('question'));
    near.end();
    await atFar.until(({ ended }) => ended);
    expect(atFar.bytes.toString()).toBe('question');
    // The other direction goes on.
    far.write(Buffer.from('answer'));
    await atNear.until(({ length }) => length === 6);
    expect(atNear.closed).toBe(false);
    far.end();
    await atNear.until(({ closed }) => closed);
    await atFar.until(({ closed }) => closed);
    expect([atNear.bytes.toString(), atNear.ended, atNear.error, atFar.error]).toEqual([
      'answer',
      true,
      undefined,
      undefined,
    ]);
    expect([near.bytesRead, near.bytesWritten, far.bytesRead, far.bytesWritten]).toEqual([6, 8, 8, 6]);
    expect([pair.client.mux.size, pair.server.mux.size]).toEqual([0, 0]);
    await closePair(pair);
  });

  test('is heard of although nobody speaks, and says its target with its first bytes otherwise', async () => {
    const { side, seen } = lonelySide(false);
    side.mux.openConn(web);
    side.mux.openConn(web).write(Buffer.from('hi'));
    const frames = (await seen.until(({ bytes }) => decodeFrames([bytes]).length === 2)).bytes;
    expect(decodeFrames([frames])).toMatchObject([
      { id: 2, status: frameStatus.new, target: web, data: Buffer.from('hi') },
      { id: 1, status: frameStatus.new, target: web, data: undefined },
    ]);
    side.mux.finish();
  });

  test('that nobody heard of leaves no trace', async () => {
    const { side, seen } = lonelySide(false);
    side.mux.openConn(web).destroy();
    await turn();
    side.mux.finish();
    await seen.until(({ ended }) => ended);
    expect(seen.length).toBe(0);
    expect(side.mux.size).toBe(0);
    seen.resume();
  });

  test('passes 20 MiB each way beside others, through relays, by hash', async () => {
    const pair = muxPair();
    const bodies = Array.from({ length: 5 }, () => randomBytes(4 * 1024 * 1024));
    const results = bodies.map(async (body) => {
      const { near, far } = await streamPair(pair);
      const [a, b] = [new LinkDuplex(new Link(near)), new LinkDuplex(new Link(far))];
      b.pipe(b);
      a.end(body);
      const hash = createHash('sha256');
      for await (const chunk of a) hash.update(chunk as Buffer);
      return hash.digest('hex');
    });
    expect(await Promise.all(results)).toEqual(bodies.map(sha256));
    await closePair(pair);
  });

  test('is one to the relay as any other conn', async () => {
    // Each on a connection of its own: one that waits for itself waits for ever.
    const [pair, second] = [muxPair(), muxPair()];
    const [one, two] = [await streamPair(pair), await streamPair(second)];
    const timeouts = { connIdle: 5000, uplinkOnly: 5000, downlinkOnly: 5000 };
    const result = new Promise((resolve) => {
      new Relay(pair.plane, new Link(one.far), new Link(two.near), { timeouts, onEnd: resolve }).start();
    });
    const [client, target] = [new LinkDuplex(new Link(one.near)), new LinkDuplex(new Link(two.far))];
    client.end('up');
    target.end(Buffer.alloc(3 * 1024 * 1024, 7));
    let got = 0;
    for await (const chunk of client) got += (chunk as Buffer).length;
    expect(got).toBe(3 * 1024 * 1024);
    target.resume();
    expect(await result).toEqual({ uplink: 2, downlink: got, end: 'done' });
    await closePair(pair);
    await closePair(second);
  });
});

describe('the end of a stream', () => {
  test('by a reset is one for the other side, and for that stream alone', async () => {
    const pair = muxPair();
    const [one, two] = [await streamPair(pair), await streamPair(pair)];
    const [cut, other] = [new SeenBytes(one.far), new SeenBytes(two.far)];
    one.near.write(Buffer.from('half'));
    one.near.reset(new Error('of our own'));
    await cut.until(({ closed }) => closed);
    expect(cut.error).toMatchObject({ code: 'E_CONN_RESET' });
    two.near.write(Buffer.from('whole'));
    two.near.end();
    await other.until(({ ended }) => ended);
    expect(other.bytes.toString()).toBe('whole');
    two.far.end();
    await closePair(pair);
  });

  test.each([
    ['destroyed before the peer has ended', false, 'destroy', true],
    ['destroyed after the peer has ended', true, 'destroy', false],
    ['reset after the peer has ended', true, 'reset', true],
  ] as const)('%s: tells it as it is', async (_name, peerEnds, how, isError) => {
    const { side, peer, seen } = lonelySide(true);
    peer.write(frameBytes({ id: 9, status: frameStatus.new, target: web }, Buffer.from('hi')));
    const { stream } = await side.conns.next();
    const inner = new SeenBytes(stream);
    if (peerEnds) {
      peer.write(frameBytes({ id: 9, status: frameStatus.end }));
      await inner.until(({ ended }) => ended);
    }
    stream[how]();
    await inner.until(({ closed }) => closed);
    await seen.until(({ length }) => length > 0);
    expect(decodeFrames([seen.bytes])).toMatchObject([{ id: 9, status: frameStatus.end, isError }]);
    side.mux.finish();
  });

  test('waits behind what has not been taken; said twice, it means that nothing more is heard', async () => {
    const { side, peer, seen } = lonelySide(true);
    peer.write(frameBytes({ id: 1, status: frameStatus.new, target: web }, Buffer.from('waits')));
    const { stream } = await side.conns.next();
    const inner = new SeenBytes(stream, false);
    peer.write(frameBytes({ id: 1, status: frameStatus.end }));
    peer.write(frameBytes({ id: 1, status: frameStatus.end }));
    peer.write(frameBytes({ id: 2, status: frameStatus.new, target: web }));
    await side.conns.next();
    expect([inner.closed, side.mux.size]).toEqual([false, 2]);
    stream.write(Buffer.from('to nobody'));
    inner.resume();
    await inner.until(({ closed }) => closed);
    expect([inner.bytes.toString(), inner.ended, inner.error]).toEqual(['waits', true, undefined]);
    expect([side.mux.size, seen.length]).toEqual([1, 0]);
    side.mux.close(new SluiceError('E_CLOSING', 'test'));
  });

  test('of the connection is the end of all, with its reason', async () => {
    const pair = muxPair();
    const [one, two] = [await streamPair(pair), await streamPair(pair)];
    const all = [one.near, one.far, two.near, two.far].map((conn) => new SeenBytes(conn));
    pair.client.mux.close(new SluiceError('E_CLOSING', 'test'));
    for (const each of all) await each.until(({ closed }) => closed);
    expect(all.map(({ error }) => (error as { code?: string } | undefined)?.code)).toEqual([
      'E_CLOSING',
      'E_CONN_CLOSED',
      'E_CLOSING',
      'E_CONN_CLOSED',
    ]);
    const late = new SeenBytes(one.near);
    await late.until(({ closed }) => closed);
    expect(late.error).toMatchObject({ code: 'E_CLOSING' });
    await expectClean(pair.plane);
  });

  test.each(['onData', 'onEnd', 'onDrain'] as const)('comes to it alone when its sink throws in %s', async (where) => {
    const pair = muxPair();
    const [one, two] = [await streamPair(pair), await streamPair(pair)];
    const told = new Promise<unknown>((resolve) => {
      const sink = { onData: () => undefined, onEnd: () => undefined, onDrain: () => undefined, onClose: resolve };
      const thrower = (): never => {
        throw new TypeError('a fault of a plugin');
      };
      one.far.attach({ ...sink, [where]: thrower }, true);
    });
    one.far.resume();
    const reader = new SeenBytes(one.near);
    if (where === 'onDrain') {
      while (one.far.write(Buffer.alloc(256 * 1024)));
      await reader.until(({ closed }) => closed);
    } else one.near.write(Buffer.from('x'));
    if (where === 'onEnd') one.near.end();
    expect(await told).toMatchObject({ code: 'E_INTERNAL', message: 'a fault of a plugin' });
    const other = new SeenBytes(two.far);
    two.near.write(Buffer.from('goes on'));
    await other.until(({ length }) => length === 7);
    two.near.end();
    two.far.end();
    await vi.waitFor(() => expect(pair.server.mux.size).toBe(0));
    await closePair(pair);
  });
});

test('a write that is not taken at once is told of when it is', async () => {
  const { side, peer, seen } = lonelySide(false);
  peer.pause();
  const conn = side.mux.openConn(web);
  const inner = new SeenBytes(conn);
  const body = randomBytes(1024 * 1024);
  expect(conn.write(body)).toBe(false);
  // The memory may be used again only now; until then it must not be needed.
  seen.resume();
  await inner.until(({ drains }) => drains === 1);
  await seen.until(({ length }) => length > body.length);
  const data = decodeFrames([seen.bytes]).map((frame) => frame.data ?? Buffer.alloc(0));
  expect(sha256(Buffer.concat(data))).toBe(sha256(body));
  expect(Math.max(...data.map(({ length }) => length))).toBeLessThan(64 * 1024);
  side.mux.finish();
});
