import { Buffer } from 'node:buffer';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import {
  DataPlane,
  destination,
  SluiceError,
  type DataPlane as Plane,
  type Endpoint,
  type Family,
  type OutboundContext,
  type PacketConn,
  type Resolver,
} from '@sluice/plugin-api';
import {
  DirectDialer,
  emptyInjector,
  FixedPolicy,
  hostOutbound,
  MemoryLogger,
  MemoryStats,
  StubSession,
} from '@sluice/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { freedomOutbound } from './index.js';
import { FreedomOutbound } from './outbound.js';
import type { FreedomSettings } from './schema.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function echoServer(host = '127.0.0.1'): Promise<number> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  server.listen(0, host);
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

/** Answers each packet with "<its port>:<payload>". */
async function udpEcho(host = '127.0.0.1'): Promise<number> {
  const socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (payload, from) =>
    socket.send(`${socket.address().port}:${payload.toString()}`, from.port, from.address),
  );
  socket.bind(0, host);
  await once(socket, 'listening');
  cleanups.push(() => void socket.close());
  return socket.address().port;
}

/** Names as in a zone; counts what it is asked. */
class ZoneResolver implements Resolver {
  readonly asked: string[] = [];

  constructor(readonly zone: Record<string, string[]>) {}

  resolve(domain: string, family?: Family): Promise<string[]> {
    this.asked.push(`${domain}/${family ?? 'any'}`);
    const found = (this.zone[domain] ?? []).filter((ip) => family === undefined || net.isIP(ip) === family);
    return found.length > 0
      ? Promise.resolve(found)
      : Promise.reject(new SluiceError('E_DNS_NOT_FOUND', `${domain} has no address`));
  }
}

function freedom(settings: FreedomSettings, zone: Record<string, string[]> = {}) {
  const plane = new DataPlane();
  const resolver = new ZoneResolver(zone);
  const context: OutboundContext<FreedomSettings> = {
    ...emptyInjector,
    tag: 'direct',
    settings,
    logger: new MemoryLogger(),
    dialer: new DirectDialer(plane),
    resolver,
    policy: new FixedPolicy(),
    stats: new MemoryStats(),
    plane,
  };
  return { plane, resolver, outbound: new FreedomOutbound(context) };
}

async function expectClean(plane: Plane): Promise<void> {
  await vi.waitFor(() => expect(plane.state()).toMatchObject({ conns: 0, timers: 0, buffers: { borrowed: 0 } }));
}

/** Sends to the destination and gives back what it answers. */
async function exchange(
  packets: PacketConn,
  to: ReturnType<typeof destination>,
): Promise<{ text: string; from: Endpoint }> {
  return new Promise((resolve) => {
    packets.attach({
      onPacket: (payload, from) => resolve({ text: payload.toString(), from }),
      onClose: () => undefined,
    });
    packets.send(Buffer.from('ping'), to);
  });
}

describe('TCP', () => {
  test('connects to the target and passes bytes both ways', async () => {
    const host = await hostOutbound(freedomOutbound, {});
    const link = await host.connect(destination('tcp', '127.0.0.1', await echoServer()));
    expect(link.timeouts).toBeUndefined();
    link.write(Buffer.from('hello'));
    expect((await link.reader.readExactly(5)).toString()).toBe('hello');
    link.destroy();
    await host.close();
    await expectClean(host.plane);
  });

  test('says why it cannot connect', async () => {
    const host = await hostOutbound(freedomOutbound, {});
    const free = net.createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as net.AddressInfo;
    free.close();
    await once(free, 'close');
    await expect(host.connect(destination('tcp', '127.0.0.1', port))).rejects.toMatchObject({ code: 'E_DIAL_REFUSED' });
    await expectClean(host.plane);
  });

  test('leads to a Unix socket', async () => {
    const path = `@sluice-freedom-${process.pid}`;
    const server = net.createServer((socket) => socket.pipe(socket));
    server.listen(path.replace('@', '\0'));
    await once(server, 'listening');
    cleanups.push(() => server.close());
    const { outbound, plane } = freedom({});
    const link = await outbound.connect(new StubSession(), destination('tcp', path, 0));
    link.write(Buffer.from('hello'));
    expect((await link.reader.readExactly(5)).toString()).toBe('hello');
    link.destroy();
    await expectClean(plane);
  });

  test('redirects, before it resolves', async () => {
    const port = await echoServer();
    const { outbound, plane, resolver } = freedom({ redirect: `127.0.0.1:${port}`, domainStrategy: 'UseIP' });
    const link = await outbound.connect(new StubSession(), destination('tcp', 'nowhere.example', 1));
    expect(link.conn.remote).toEqual({ address: '127.0.0.1', port });
    expect(resolver.asked).toEqual([]);
    link.destroy();
    await expectClean(plane);
  });
});

describe('domainStrategy', () => {
  const both = { 'a.example': ['::1', '127.0.0.1'] };

  test.each([
    ['UseIP', '::1', 'a.example/any'],
    ['UseIPv4', '127.0.0.1', 'a.example/4'],
    ['UseIPv6', '::1', 'a.example/6'],
  ] as const)('%s connects to %s', async (domainStrategy, address, asked) => {
    const { outbound, plane, resolver } = freedom({ domainStrategy }, both);
    const port = await echoServer(address);
    const link = await outbound.connect(new StubSession(), destination('tcp', 'a.example', port));
    expect(link.conn.remote.address).toBe(address);
    expect(resolver.asked).toEqual([asked]);
    link.destroy();
    await expectClean(plane);
  });

  test('AsIs leaves the name to the dialer', async () => {
    const { outbound, resolver, plane } = freedom({ domainStrategy: 'AsIs' });
    const link = await outbound.connect(new StubSession(), destination('tcp', 'localhost', await echoServer()));
    expect(resolver.asked).toEqual([]);
    link.destroy();
    await expectClean(plane);
  });

  test('an address that refuses gives way to the next one', async () => {
    const { outbound, plane } = freedom({ domainStrategy: 'UseIP' }, both);
    const port = await echoServer('127.0.0.1');
    const link = await outbound.connect(new StubSession(), destination('tcp', 'a.example', port));
    expect(link.conn.remote.address).toBe('127.0.0.1');
    link.destroy();
    await expectClean(plane);
  });

  test('a name without an address of the family is an error, not a way to the other family', async () => {
    const { outbound, plane } = freedom({ domainStrategy: 'UseIPv4' }, { 'six.example': ['::1'] });
    await expect(
      outbound.connect(new StubSession(), destination('tcp', 'six.example', await echoServer('::1'))),
    ).rejects.toMatchObject({
      code: 'E_DNS_NOT_FOUND',
    });
    await expectClean(plane);
  });

  test('a dial that was given up is not repeated', async () => {
    const { outbound, plane } = freedom({ domainStrategy: 'UseIP' }, both);
    const session = new StubSession();
    session.abort();
    await expect(outbound.connect(session, destination('tcp', 'a.example', 9))).rejects.toMatchObject({
      code: 'E_CLOSING',
    });
    await expectClean(plane);
  });
});

describe('UDP', () => {
  test('reaches several peers from one port', async () => {
    const host = await hostOutbound(freedomOutbound, {});
    const [a, b] = [await udpEcho(), await udpEcho()];
    const packets = await host.openPackets(destination('udp', '127.0.0.1', a));
    expect(await exchange(packets, destination('udp', '127.0.0.1', a))).toEqual({
      text: `${a}:ping`,
      from: { address: '127.0.0.1', port: a },
    });
    expect(await exchange(packets, destination('udp', '127.0.0.1', b))).toEqual({
      text: `${b}:ping`,
      from: { address: '127.0.0.1', port: b },
    });
    packets.close();
    await expectClean(host.plane);
  });

  test('redirects each packet; the reply names the real peer', async () => {
    const port = await udpEcho();
    const { outbound } = freedom({ redirect: `127.0.0.1:${port}` });
    const packets = await outbound.openPackets(new StubSession('udp'), destination('udp', '192.0.2.1', 53));
    expect(await exchange(packets, destination('udp', '192.0.2.1', 53))).toEqual({
      text: `${port}:ping`,
      from: { address: '127.0.0.1', port },
    });
    packets.close();
  });

  test.each([
    ['UseIPv4', '127.0.0.1'],
    ['UseIPv6', '::1'],
  ] as const)('%s sends to %s, and asks for a name once', async (domainStrategy, address) => {
    const port = await udpEcho(address);
    const { outbound, resolver } = freedom({ domainStrategy }, { 'a.example': ['::1', '127.0.0.1'] });
    const to = destination('udp', 'a.example', port);
    const packets = await outbound.openPackets(new StubSession('udp'), to);
    expect((await exchange(packets, to)).from).toEqual({ address, port });
    expect((await exchange(packets, to)).from).toEqual({ address, port });
    expect(resolver.asked).toHaveLength(1);
    packets.close();
  });

  test('loses the packet of a name that cannot be resolved, and asks again for the next', async () => {
    const port = await udpEcho();
    const zone: Record<string, string[]> = {};
    const { outbound, resolver } = freedom({ domainStrategy: 'UseIP' }, zone);
    const to = destination('udp', 'late.example', port);
    const packets = await outbound.openPackets(new StubSession('udp'), to);
    packets.send(Buffer.from('lost'), to);
    await vi.waitFor(() => expect(resolver.asked).toHaveLength(1));
    await new Promise(setImmediate);
    zone['late.example'] = ['127.0.0.1'];
    expect((await exchange(packets, to)).text).toBe(`${port}:ping`);
    packets.close();
  });
});

test('userLevel and timeout limit how long a connection may be quiet', async () => {
  const port = await echoServer();
  const timeoutsWith = async (settings: FreedomSettings) => {
    const { outbound } = freedom(settings);
    const link = await outbound.connect(new StubSession(), destination('tcp', '127.0.0.1', port));
    link.destroy();
    return link.timeouts;
  };
  const level = { connIdle: 30_000, uplinkOnly: 2000, downlinkOnly: 2000 };
  expect(await timeoutsWith({ userLevel: 1 })).toEqual(level);
  expect(await timeoutsWith({ timeout: 7 })).toEqual({ ...level, connIdle: 7000 });
  expect(await timeoutsWith({ timeout: 7, userLevel: 1 })).toEqual(level);
});

test('check finds a redirect that leads nowhere and a timeout without effect', () => {
  const found: string[] = [];
  const problems = {
    error: (path: readonly (string | number)[]) => found.push(`error ${path.join('.')}`),
    warning: (path: readonly (string | number)[]) => found.push(`warning ${path.join('.')}`),
  };
  freedomOutbound.check?.({ redirect: 'example.org', timeout: 3, userLevel: 1 }, problems);
  freedomOutbound.check?.({ redirect: ':80', timeout: 3 }, problems);
  freedomOutbound.check?.({}, problems);
  expect(found).toEqual(['error redirect', 'warning timeout']);
});
