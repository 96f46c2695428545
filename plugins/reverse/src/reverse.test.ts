import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { connPair, DataPlane, destination, Link, LinkDuplex, SluiceError, type Destination } from '@sluice/plugin-api';
import { MemoryLogger, StubSession } from '@sluice/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Bridge } from './bridge.js';
import { controlTarget, encodeControl } from './control/control.js';
import { frameStatus } from './mux/frame.js';
import { frameBytes } from './mux/frames.fixture.js';
import { SeenBytes } from './mux/mux-pair.fixture.js';
import { Portal } from './portal.js';
import { DOMAIN, ReversePair, StubDispatcher } from './reverse.fixture.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function echoServer(): Promise<Destination> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return destination('tcp', '127.0.0.1', (server.address() as net.AddressInfo).port);
}

async function started(): Promise<ReversePair> {
  const pair = new ReversePair();
  cleanups.push(() => pair.close());
  pair.bridge.start();
  await vi.waitFor(() => expect(pair.portal.state.workers).toBe(1));
  return pair;
}

async function echoed(link: Link, body: Buffer): Promise<void> {
  const stream = new LinkDuplex(link);
  stream.end(body);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).equals(body)).toBe(true);
}

async function expectAtRest({ plane }: ReversePair): Promise<void> {
  await vi.waitFor(() => expect(plane.state()).toMatchObject({ conns: 0, timers: 0, buffers: { borrowed: 0 } }), 5000);
}

describe('a bridge and its portal', () => {
  test('carry connections, with the tag of the bridge, and leave nothing behind', async () => {
    const pair = await started();
    const { dispatcher } = pair;
    const target = await echoServer();
    expect(dispatcher.originated).toEqual([{ inboundTag: 'bridge', inboundProtocol: 'reverse' }]);
    expect(dispatcher.asked).toEqual([destination('tcp', DOMAIN, 0)]);
    await Promise.all(Array.from({ length: 20 }, async () => echoed(await pair.connect(target), randomBytes(300_000))));
    expect(dispatcher.asked.slice(1)).toEqual(Array.from({ length: 20 }, () => target));
    expect(dispatcher.served.map(({ as }) => [as.inboundTag, as.inboundProtocol])).toEqual(
      Array.from({ length: 20 }, () => ['bridge', 'reverse']),
    );
    // The portal's own stream is left.
    await vi.waitFor(() => expect(pair.bridge.state.streams).toBe(1));
    expect(pair.portal.state.streams).toBe(1);
    pair.close();
    await expectAtRest(pair);
    expect(pair.bridge.state.workers + pair.portal.state.workers).toBe(0);
  });

  test('a target that refuses is a reset for the visitor', async () => {
    const pair = await started();
    const free = net.createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as net.AddressInfo;
    free.close();
    await once(free, 'close');
    const link = await pair.connect(destination('tcp', '127.0.0.1', port));
    await expect(link.reader.readExactly(1)).rejects.toMatchObject({ code: 'E_CONN_RESET' });
    expect(pair.dispatcher.served[0]?.error).toMatchObject({ code: 'E_DIAL_REFUSED' });
  });

  test('carry packets to several targets; each stream is a source of its own', async () => {
    const pair = await started();
    const ports: number[] = [];
    for (let i = 0; i < 3; i += 1) {
      const socket = dgram.createSocket('udp4', (payload, from) =>
        socket.send(`${socket.address().port}:${String(payload)}`, from.port, from.address),
      );
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      cleanups.push(() => socket.close());
      ports.push(socket.address().port);
    }
    const targets = ports.map((port) => destination('udp', '127.0.0.1', port));
    const [first] = targets;
    const packets = await pair.portal.openPackets(new StubSession('udp'), first!);
    const got: string[] = [];
    packets.attach({
      onPacket: (payload, from) => got.push(`${from.address}:${from.port}>${String(payload)}`),
      onClose: () => got.push('closed'),
    });
    for (const target of [...targets, ...targets]) packets.send(Buffer.from('ping'), target);
    // Too long for V2Ray, and where no bridge may be led.
    packets.send(Buffer.alloc(2049), first!);
    packets.send(Buffer.from('ping'), destination('udp', DOMAIN, 1));
    const each = ports.map((port) => `127.0.0.1:${port}>${port}:ping`);
    await vi.waitFor(() => expect(got.toSorted()).toEqual([...each, ...each].toSorted()));
    expect(new Set(pair.dispatcher.packetSources.map(({ port }) => port)).size).toBe(3);
    expect(pair.bridge.state.streams).toBe(4);
    packets.close();
    expect(got.at(-1)).toBe('closed');
    await vi.waitFor(() => expect(pair.bridge.state.streams).toBe(1));
  });

  test('many targets of one visitor are bounded', async () => {
    const pair = await started();
    const to = (port: number): Destination => destination('udp', '127.0.0.1', port);
    const packets = await pair.portal.openPackets(new StubSession('udp'), to(1));
    packets.attach({ onPacket: () => undefined, onClose: () => undefined });
    for (let port = 1; port <= 100; port += 1) packets.send(Buffer.from('x'), to(port));
    expect(pair.portal.state.streams).toBe(65);
    packets.close();
    expect(pair.portal.state.streams).toBe(1);
  });
});

describe('the portal', () => {
  test('says at once that no bridge is there', async () => {
    const pair = new ReversePair();
    const web = destination('tcp', 'web.example', 80);
    await expect(pair.connect(web)).rejects.toMatchObject({ code: 'E_DIAL_UNREACHABLE' });
    await expect(
      pair.portal.openPackets(new StubSession('udp'), destination('udp', '127.0.0.1', 53)),
    ).rejects.toMatchObject({ code: 'E_DIAL_UNREACHABLE' });
    await expectAtRest(pair);
  });

  test('refuses what no frame can name, and packets for its domain', async () => {
    const pair = await started();
    await expect(pair.connect(destination('tcp', '/run/socket', 0))).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
    await expect(pair.portal.openPackets(new StubSession('udp'), destination('udp', DOMAIN, 0))).rejects.toMatchObject({
      code: 'E_UNSUPPORTED',
    });
  });

  test('takes a bounded number of bridges, and none once it is closed', async () => {
    const pair = new ReversePair();
    const links = await Promise.all(Array.from({ length: 64 }, () => pair.connect(destination('tcp', DOMAIN, 80))));
    await expect(pair.connect(destination('tcp', DOMAIN, 80))).rejects.toMatchObject({ code: 'E_UPSTREAM_REJECTED' });
    links[0]?.destroy();
    await pair.connect(destination('tcp', DOMAIN, 80));
    pair.portal.close();
    expect(pair.portal.state).toEqual({ workers: 0, streams: 0 });
    await expect(pair.connect(destination('tcp', DOMAIN, 80))).rejects.toMatchObject({ code: 'E_CLOSING' });
    await expectAtRest(pair);
  });

  test('spreads streams over its bridges', async () => {
    const pair = new ReversePair();
    cleanups.push(() => pair.close());
    const links = await Promise.all([1, 2, 3].map(() => pair.connect(destination('tcp', DOMAIN, 0))));
    for (let i = 0; i < 9; i += 1) await pair.connect(destination('tcp', 'web.example', 80));
    // One of them goes: its four streams with it, one of which is the portal's own.
    links[1]?.destroy();
    expect(pair.portal.state).toEqual({ workers: 2, streams: 8 });
  });

  test('keeps the one that has carried enough until the bridge has opened another', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const portal = new Portal(
      { plane: new DataPlane(), logger: new MemoryLogger() },
      { tag: 'portal', domain: DOMAIN },
    );
    cleanups.push(() => portal.close());
    const bridge = (): Promise<Link> => portal.connect(new StubSession(), destination('tcp', DOMAIN, 0));
    const visit = (): Promise<Link> => portal.connect(new StubSession(), destination('tcp', '192.0.2.1', 80));
    await bridge();
    for (let i = 0; i < 257; i += 1) (await visit()).conn.destroy();
    vi.advanceTimersByTime(20_000);
    expect(portal.state).toEqual({ workers: 1, streams: 0 });
    (await visit()).conn.destroy();
    await bridge();
    vi.advanceTimersByTime(4000);
    // The new one has the control stream.
    expect(portal.state).toEqual({ workers: 1, streams: 1 });
  });

  test('leaves a bridge alone that has carried enough, although it has less to carry', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const pair = new ReversePair();
    cleanups.push(() => pair.close());
    const web = destination('tcp', 'web.example', 80);
    await pair.connect(destination('tcp', DOMAIN, 0));
    const links = await Promise.all(Array.from({ length: 257 }, () => pair.connect(web)));
    for (const link of links.slice(1)) link.destroy();
    // The portal's own stream ends with the word that nothing more will come.
    expect(pair.portal.state).toEqual({ workers: 1, streams: 2 });
    vi.advanceTimersByTime(2500);
    expect(pair.portal.state).toEqual({ workers: 1, streams: 1 });
    const second = await pair.connect(destination('tcp', DOMAIN, 0));
    for (let i = 0; i < 5; i += 1) await pair.connect(web);
    expect(pair.portal.state).toEqual({ workers: 2, streams: 7 });
    second.destroy();
    expect(pair.portal.state).toEqual({ workers: 1, streams: 1 });
    // It is better than none.
    await pair.connect(web);
    expect(pair.portal.state).toEqual({ workers: 1, streams: 2 });
  });

  test('a stranger who speaks no Mux.Cool is no bridge for long', async () => {
    const pair = new ReversePair();
    const link = await pair.connect(destination('tcp', DOMAIN, 0));
    link.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    expect(pair.portal.state.workers).toBe(0);
    await vi.waitFor(() => expect(link.conn.destroyed).toBe(true));
    expect(pair.logger.lines).toEqual([expect.stringContaining('E_PROTOCOL')]);
    await expectAtRest(pair);
  });
});

describe('the bridge', () => {
  test('opens another connection when one carries many streams', async () => {
    const pair = await started();
    const target = await echoServer();
    for (let i = 0; i < 20; i += 1) await pair.connect(target);
    await vi.waitFor(() => expect(pair.portal.state.workers).toBe(2), 5000);
    await pair.connect(target);
    await vi.waitFor(() => expect(pair.dispatcher.served).toHaveLength(21));
  });

  test('has a new connection before the old one has carried its last stream', async () => {
    const pair = await started();
    const target = await echoServer();
    const staying = await pair.connect(target);
    for (let i = 0; i < 30; i += 1)
      await Promise.all(Array.from({ length: 10 }, async () => echoed(await pair.connect(target), Buffer.from('x'))));
    // Told to leave the first one alone, the bridge opens the second.
    await vi.waitFor(() => expect(pair.dispatcher.originated.length).toBeGreaterThanOrEqual(2), 6000);
    await echoed(staying, randomBytes(100_000));
    // The first one is closed with its last stream, by the portal.
    await vi.waitFor(() => expect(pair.bridge.state).toEqual({ workers: 1, streams: 1 }), 6000);
    expect(pair.lines).toHaveLength(2);
    await echoed(await pair.connect(target), Buffer.from('goes on'));
  });

  test('tries again until the portal is back', async () => {
    const pair = new ReversePair();
    cleanups.push(() => pair.close());
    pair.away = new SluiceError('E_DIAL_REFUSED', 'nobody there');
    pair.bridge.start();
    await vi.waitFor(() => expect(pair.dispatcher.originated.length).toBeGreaterThanOrEqual(2), 5000);
    expect(pair.logger.lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(/no connection to its portal: nobody there .*"bridge":"bridge".*E_DIAL_REFUSED/),
    ]);
    pair.away = undefined;
    await vi.waitFor(() => expect(pair.portal.state.workers).toBe(1), 5000);
    await echoed(await pair.connect(await echoServer()), Buffer.from('back'));
  });

  test('comes back after its connection was cut, and cuts off what it carried', async () => {
    const pair = await started();
    const target = await echoServer();
    const link = await pair.connect(target);
    link.write(Buffer.from('x'));
    await link.reader.readExactly(1);
    pair.lines[0]?.close('error', new SluiceError('E_CONN_RESET', 'test'));
    await expect(link.reader.readExactly(1)).rejects.toMatchObject({ code: 'E_CONN_RESET' });
    await vi.waitFor(() => expect(pair.dispatcher.relays.size).toBe(0));
    await vi.waitFor(() => expect(pair.portal.state.workers).toBe(1), 5000);
    await echoed(await pair.connect(target), Buffer.from('back'));
  });

  test('does not open any number of connections for a portal that has all of them left alone', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const plane = new DataPlane();
    let opened = 0;
    const dispatcher = new StubDispatcher(plane, () => {
      const [near, far] = connPair(plane);
      const drain = frameBytes({ id: 1, status: frameStatus.new, target: controlTarget }, encodeControl('drain'));
      new SeenBytes(far);
      far.write(drain);
      opened += 1;
      return Promise.resolve(new Link(near));
    });
    const bridge = new Bridge({ plane, logger: new MemoryLogger(), dispatcher }, { tag: 'bridge', domain: DOMAIN });
    cleanups.push(() => bridge.close());
    bridge.start();
    for (let i = 0; i < 100; i += 1) {
      const before = opened;
      vi.advanceTimersByTime(2300);
      for (let turns = 0; turns < 10; turns += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(opened - before).toBeLessThanOrEqual(2);
    }
    expect(opened).toBeGreaterThan(80);
    expect(bridge.state.workers).toBeLessThanOrEqual(64);
  });

  test('closed while it connects, it is not there afterwards', async () => {
    const pair = new ReversePair();
    pair.bridge.start();
    pair.bridge.close();
    pair.bridge.close();
    await vi.waitFor(() => expect(pair.lines).toHaveLength(1));
    await vi.waitFor(() => expect(pair.portal.state.workers).toBe(0));
    await expectAtRest(pair);
    expect(pair.bridge.state.workers).toBe(0);
  });
});
