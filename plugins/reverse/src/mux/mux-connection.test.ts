import { Buffer } from 'node:buffer';
import { DataPlane, destination, SluiceError, type Destination } from '@sluice/plugin-api';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ConnCarrier } from './conn-carrier.js';
import { frameStatus } from './frame.js';
import { anyFrame, decodeFrames, frameBytes } from './frames.fixture.js';
import { MAX_STREAMS, MuxConnection } from './mux-connection.js';
import { lonelySide, muxPair, SeenBytes } from './mux-pair.fixture.js';
import { LOOK_MS } from './slow-streams.js';

const web = destination('tcp', 'web.example', 80);
const dns = destination('udp', '192.0.2.53', 53);
const closing = new SluiceError('E_CLOSING', 'test');
const open = (id: number, to: Destination = web, data?: Buffer): Buffer =>
  frameBytes({ id, status: frameStatus.new, target: to }, data);

afterEach(() => void vi.useRealTimers());

describe('what the peer says', () => {
  test('for a stream that is over is answered with its end, once a frame with data', async () => {
    const { side, peer, seen } = lonelySide(true);
    peer.write(frameBytes({ id: 5, status: frameStatus.keep }, Buffer.from('late')));
    peer.write(frameBytes({ id: 6, status: frameStatus.keep }));
    peer.write(frameBytes({ id: 7, status: frameStatus.end }));
    peer.write(frameBytes({ id: 0, status: frameStatus.keepAlive }, Buffer.from('padding')));
    peer.write(open(8));
    await side.conns.next();
    expect(decodeFrames([seen.bytes])).toMatchObject([{ id: 5, status: frameStatus.end, isError: false }]);
    side.mux.close(closing);
  });

  test('to open a stream is passed over by the side that opens them', async () => {
    const { side, peer } = lonelySide(false);
    const inner = new SeenBytes(side.mux.openConn(web));
    peer.write(open(1, web, Buffer.from('not for the stream')));
    peer.write(frameBytes({ id: 1, status: frameStatus.keep }, Buffer.from('for it')));
    await inner.until(({ length }) => length > 0);
    expect(inner.bytes.toString()).toBe('for it');
    expect(side.mux.size).toBe(1);
    side.mux.close(closing);
  });

  test('that a number is used again ends the stream that had it', async () => {
    const { side, peer } = lonelySide(true);
    peer.write(open(1));
    const { stream } = await side.conns.next();
    const first = new SeenBytes(stream);
    peer.write(open(1, dns, Buffer.from('packet')));
    const { stream: packets, to } = await side.packets.next();
    expect(to).toEqual(dns);
    await first.until(({ closed }) => closed);
    expect(first.error).toMatchObject({ code: 'E_CONN_RESET' });
    expect([first.length, side.mux.size]).toEqual([0, 1]);
    packets.close();
    side.mux.close(closing);
  });

  test('to open more streams than are allowed, or to no target, is refused for that stream alone', async () => {
    const { side, peer, seen } = lonelySide(true);
    for (let id = 1; id <= MAX_STREAMS; id += 1) peer.write(open(id));
    peer.write(open(MAX_STREAMS + 1));
    await seen.until(({ length }) => length >= 6);
    expect(decodeFrames([seen.bytes])).toMatchObject([{ id: MAX_STREAMS + 1, status: frameStatus.end, isError: true }]);
    peer.write(frameBytes({ id: 1, status: frameStatus.end, isError: true }));
    const socket = Buffer.from('000d 0001 01 00 01 0050 02 04 2f72756e'.replaceAll(' ', ''), 'hex');
    socket.writeUInt16BE(MAX_STREAMS + 2, 2);
    peer.write(socket);
    await seen.until(({ length }) => length >= 12);
    expect(decodeFrames([seen.bytes])[1]).toMatchObject({
      id: MAX_STREAMS + 2,
      status: frameStatus.end,
      isError: true,
    });
    expect([side.mux.size, side.mux.isFull, side.mux.closed]).toEqual([MAX_STREAMS - 1, false, false]);
    side.mux.close(closing);
  });

  test('junk ends the connection with E_PROTOCOL, and nothing else does', async () => {
    const { side, peer } = lonelySide(true);
    peer.write(open(1, web, Buffer.from('fine')));
    const { stream } = await side.conns.next();
    const inner = new SeenBytes(stream);
    peer.write(Buffer.from('0004000109 00'.replaceAll(' ', ''), 'hex'));
    expect(await side.closed).toMatchObject({ code: 'E_PROTOCOL' });
    await inner.until(({ closed }) => closed);
    expect(inner.error).toMatchObject({ code: 'E_PROTOCOL' });
  });

  test('in any order and to anybody harms nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyFrame, { maxLength: 30 }), fc.boolean(), async (frames, isServer) => {
        const { plane, side, peer } = lonelySide(isServer);
        if (!isServer) for (let i = 0; i < 3; i += 1) new SeenBytes(side.mux.openConn(web));
        for (const { head, data } of frames) peer.write(frameBytes({ ...head, id: head.id % 4 }, data));
        peer.end();
        expect(await side.closed).toBeUndefined();
        expect([side.mux.size, side.mux.pendingBytes]).toEqual([0, 0]);
        await vi.waitFor(() => expect(plane.state()).toMatchObject({ conns: 0, timers: 0 }));
      }),
      { numRuns: 50 },
    );
  });
});

test('what comes for several streams at once reaches each of them, in order', async () => {
  const { side, peer } = lonelySide(true);
  const keep = (id: number, text: string): Buffer => frameBytes({ id, status: frameStatus.keep }, Buffer.from(text));
  peer.write(Buffer.concat([open(1), open(2)]));
  const streams = [(await side.conns.next()).stream, (await side.conns.next()).stream];
  const [first, second] = streams.map((stream) => new SeenBytes(stream));
  const long = 'long'.repeat(12_000);
  peer.write(
    Buffer.concat([
      ...[keep(1, 'a'), keep(2, 'b'), keep(1, 'c'), keep(1, 'd'), keep(1, long), keep(1, 'e'), keep(2, 'f')],
      ...[frameBytes({ id: 1, status: frameStatus.end }), frameBytes({ id: 2, status: frameStatus.end })],
    ]),
  );
  await second?.until(({ ended }) => ended);
  expect([first?.bytes.toString(), second?.bytes.toString()]).toEqual([`acd${long}e`, 'bf']);
  side.mux.close(closing);
});

test('what a stream has paused in stays as it is until it goes on', async () => {
  const { side, peer } = lonelySide(true);
  peer.write(Buffer.concat([open(1), open(2)]));
  const [first, second] = [(await side.conns.next()).stream, (await side.conns.next()).stream];
  const kept = await new Promise<Buffer>((resolve) => {
    first.attach({
      onData: (chunk) => {
        first.pause();
        resolve(chunk);
      },
      onEnd: () => undefined,
      onDrain: () => undefined,
      onClose: () => undefined,
    });
    first.resume();
    peer.write(frameBytes({ id: 1, status: frameStatus.keep }, Buffer.from('for the first')));
  });
  const other = new SeenBytes(second);
  peer.write(frameBytes({ id: 2, status: frameStatus.keep }, Buffer.from('for the second one')));
  await other.until(({ length }) => length > 0);
  expect(kept.toString()).toBe('for the first');
  side.mux.close(closing);
});

test('a peer that opens and ends streams and reads nothing is cut off', () => {
  const carrier = new ConnCarrier({ address: '', port: 0 }, { address: '', port: 0 });
  const onClosed = vi.fn<(error: SluiceError | undefined) => void>();
  const mux = new MuxConnection(new DataPlane(), carrier, {
    acceptor: { conn: (conn) => conn.reset(), packets: (packets) => packets.close() },
    onClosed,
  });
  mux.begin();
  let opened = 0;
  while (!mux.closed && opened < 10_000) {
    carrier.write(open((opened % 0xffff) + 1));
    opened += 1;
  }
  expect(onClosed.mock.calls[0]?.[0]).toMatchObject({ code: 'E_PROTOCOL' });
  expect(opened).toBeLessThan(5000);
});

describe('streams of packets', () => {
  test('keep the bounds of packets, in pieces too, and empty ones', async () => {
    const { side, peer } = lonelySide(true);
    peer.write(open(3, dns, Buffer.from('first')));
    const { stream, to } = await side.packets.next();
    expect(to).toEqual(dns);
    const got: string[] = [];
    stream.attach({ onPacket: (payload) => got.push(payload.toString()), onClose: () => got.push('closed') });
    const rest = Buffer.concat([
      frameBytes({ id: 3, status: frameStatus.keep }, Buffer.from('second')),
      frameBytes({ id: 3, status: frameStatus.keep }, Buffer.alloc(0)),
      frameBytes({ id: 3, status: frameStatus.keep }, Buffer.from('third')),
      frameBytes({ id: 3, status: frameStatus.end }),
    ]);
    for (const byte of rest) peer.write(Buffer.of(byte));
    await vi.waitFor(() => expect(got).toContain('closed'));
    expect(got.slice(-4)).toEqual(['second', '', 'third', 'closed']);
    side.mux.close(closing);
  });

  test('pass what both sides send, and end when they have been quiet', async () => {
    const { client, server } = muxPair();
    const near = client.mux.openPackets(dns);
    const got: string[] = [];
    near.attach({ onPacket: (payload) => got.push(payload.toString()), onClose: () => got.push('closed') });
    near.send(Buffer.from('question'));
    // Longer than V2Ray takes.
    near.send(Buffer.alloc(2049));
    const { stream: far } = await server.packets.next();
    far.attach({ onPacket: () => undefined, onClose: () => got.push('far closed') });
    far.send(Buffer.from('answer'));
    await vi.waitFor(() => expect(got).toEqual(['answer']));
    server.mux.endQuietPackets(server.mux.now);
    expect(server.mux.size).toBe(1);
    server.mux.endQuietPackets(server.mux.now + 1);
    await vi.waitFor(() => expect(got).toEqual(['answer', 'far closed', 'closed']));
    expect([client.mux.size, server.mux.size]).toEqual([0, 0]);
    near.send(Buffer.from('late'));
    client.mux.finish();
    expect(await server.closed).toBeUndefined();
  });

  test('lose what a connection that does not get on cannot take', () => {
    const carrier = new ConnCarrier({ address: '', port: 0 }, { address: '', port: 0 });
    const sink = { onData: vi.fn(), onEnd: vi.fn(), onDrain: vi.fn(), onClose: vi.fn() };
    carrier.attach(sink);
    const mux = new MuxConnection(new DataPlane(), carrier, { onClosed: () => undefined });
    mux.begin();
    const packets = mux.openPackets(dns);
    for (let i = 0; i < 1000; i += 1) packets.send(Buffer.alloc(2048));
    packets.sendAnyhow(Buffer.from('vital'));
    carrier.resume();
    const sent = sink.onData.mock.calls.length;
    expect(sent).toBeGreaterThan(128);
    expect(sent).toBeLessThan(140);
    packets.send(Buffer.alloc(2048));
    expect(sink.onData.mock.calls).toHaveLength(sent + 1);
  });
});

test('a stream that is never read holds the others up for a bounded time', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const { plane, client, server } = muxPair();
  const [stuckConn, conn] = [client.mux.openConn(web), client.mux.openConn(web)];
  const stuck = new SeenBytes(stuckConn, false);
  const other = new SeenBytes(conn);
  const [first, second] = [(await server.conns.next()).stream, (await server.conns.next()).stream];
  const sender = new SeenBytes(first);
  for (let i = 0; i < 100 && first.write(Buffer.alloc(64 * 1024)); i += 1);
  for (let i = 0; i < 100; i += 1) first.write(Buffer.alloc(64 * 1024));
  await vi.waitFor(() => expect(client.mux.paused).toBe(true));
  expect(client.mux.pendingBytes).toBeLessThan(1.2 * 1024 * 1024);
  second.write(Buffer.from('waits behind'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(other.length).toBe(0);
  vi.advanceTimersByTime(LOOK_MS + 1000);
  await other.until(({ length }) => length > 0);
  await stuck.until(({ closed }) => closed);
  expect(stuck.error).toMatchObject({ code: 'E_CONN_TIMEOUT' });
  await sender.until(({ closed }) => closed);
  expect(sender.error).toMatchObject({ code: 'E_CONN_RESET' });
  expect([client.mux.paused, client.mux.pendingBytes]).toEqual([false, 0]);
  client.mux.close(closing);
  await vi.waitFor(() => expect(plane.state()).toMatchObject({ conns: 0, timers: 0 }));
});
