import { Buffer } from 'node:buffer';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import {
  SluiceError,
  type DataPlane,
  type Destination,
  type InboundContext,
  type InboundPacket,
  type Session,
} from '@sluice/plugin-api';
import { DirectDialer, hostInbound } from '@sluice/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { dokodemoInbound } from './index.js';
import type { DokodemoSettings } from './schema.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function tcpServer(onSocket: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer({ allowHalfOpen: true }, onSocket);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

async function udpEcho(): Promise<number> {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (payload, from) => socket.send(payload, from.port, from.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  cleanups.push(() => void socket.close());
  return socket.address().port;
}

function connect(port: number): net.Socket {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  return socket;
}

async function expectClean(plane: DataPlane): Promise<void> {
  await vi.waitFor(() => expect(plane.state()).toMatchObject({ conns: 0, timers: 0, buffers: { borrowed: 0 } }), 3000);
}

describe('TCP', () => {
  test('passes both directions and half-close', async () => {
    const port = await tcpServer((socket) => socket.pipe(socket));
    const host = await hostInbound(dokodemoInbound, { address: '127.0.0.1', port });
    const sent = Buffer.alloc(1_000_000, 'abc');
    const socket = connect(host.port);
    socket.end(sent);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
    expect(await host.nextEnd()).toMatchObject({ result: { end: 'done', uplink: sent.length, downlink: sent.length } });
    await host.close();
    await expectClean(host.plane);
  });

  test('lets the target speak first', async () => {
    const port = await tcpServer((socket) => void socket.end('220 ready\r\n'));
    const host = await hostInbound(dokodemoInbound, { address: 'localhost', port: String(port) });
    const socket = connect(host.port);
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    expect(greeting.toString()).toBe('220 ready\r\n');
    socket.end();
    await host.nextEnd();
    await host.close();
    await expectClean(host.plane);
  });

  test('lets the dispatcher hear what the client says first, and passes it on', async () => {
    const port = await tcpServer((socket) => socket.pipe(socket));
    const heard: string[] = [];
    const host = await hostInbound(
      dokodemoInbound,
      { address: '127.0.0.1', port },
      {
        connect: async (session, to, { client, goAhead }) => {
          expect(goAhead).toBeUndefined();
          heard.push(String(await client?.reader.inspect((bytes) => bytes.length >= 5)));
          return new DirectDialer(host.plane).dial(session, to);
        },
      },
    );
    const socket = connect(host.port);
    socket.write('hello');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect([answer.toString(), ...heard]).toEqual(['hello', 'hello']);
    socket.end();
    await host.nextEnd();
    await host.close();
    await expectClean(host.plane);
  });

  test('closes the connection when the target refuses', async () => {
    const refused = (): Promise<never> => Promise.reject(new SluiceError('E_DIAL_REFUSED', 'no'));
    const host = await hostInbound(dokodemoInbound, { address: '127.0.0.1', port: 1 }, { connect: refused });
    const socket = connect(host.port);
    await once(socket.resume(), 'end');
    expect(await host.nextEnd()).toMatchObject({ error: { code: 'E_DIAL_REFUSED' } });
    await host.close();
    await expectClean(host.plane);
  });

  test('without an address, refuses with a reason', async () => {
    const host = await hostInbound(dokodemoInbound, { port: 80 });
    connect(host.port);
    expect(await host.nextEnd()).toMatchObject({ error: { code: 'E_ADDRESS_INVALID' } });
    await host.close();
    await expectClean(host.plane);
  });

  test('names target and level before it connects', async () => {
    const asked: [Destination, Session['user']][] = [];
    const refuse = (session: Session, to: Destination): Promise<never> => {
      asked.push([to, session.user]);
      return Promise.reject(new SluiceError('E_BLOCKED', 'no'));
    };
    const host = await hostInbound(
      dokodemoInbound,
      { address: 'Example.org', port: 443, userLevel: 3 },
      { connect: refuse },
    );
    connect(host.port);
    await host.nextEnd();
    expect(asked).toEqual([[{ network: 'tcp', type: 'domain', host: 'example.org', port: 443 }, { level: 3 }]]);
    await host.close();
  });

  test('timeout ends a quiet connection sooner than the policy', async () => {
    const port = await tcpServer((socket) => socket.on('error', () => undefined));
    const host = await hostInbound(dokodemoInbound, { address: '127.0.0.1', port, timeout: 1 });
    connect(host.port);
    expect(await host.nextEnd()).toMatchObject({ result: { end: 'idle' } });
    await host.close();
    await expectClean(host.plane);
  });
});

describe('UDP', () => {
  test('passes packets of several clients, each with its own answers', async () => {
    const port = await udpEcho();
    const host = await hostInbound(dokodemoInbound, { address: '127.0.0.1', port, network: 'TCP, UDP' });
    const answers = ['one', 'two'].map(async (text) => {
      const client = dgram.createSocket('udp4');
      client.send(text, host.port, '127.0.0.1');
      const [answer] = (await once(client, 'message')) as [Buffer];
      client.close();
      return answer.toString();
    });
    expect(await Promise.all(answers)).toEqual(['one', 'two']);
    await host.close();
    await expectClean(host.plane);
  });

  function packetsOf(settings: DokodemoSettings): InboundPacket[] {
    const sent: InboundPacket[] = [];
    const context = {
      settings,
      policy: { level: () => ({ connIdle: 1, uplinkOnly: 1, downlinkOnly: 1 }) },
      packets: { send: (packet: InboundPacket) => sent.push(packet), release: () => undefined },
    };
    const inbound = dokodemoInbound.create(context as unknown as InboundContext);
    const endpoint = { address: '127.0.0.1', port: 5 };
    inbound.packet?.(Buffer.from('x'), endpoint, endpoint, () => undefined);
    return sent;
  }

  test('hands on level and timeout', () => {
    expect(packetsOf({ address: '192.0.2.1', port: 53, network: 'udp', timeout: 7 })).toMatchObject([
      { to: { network: 'udp', host: '192.0.2.1', port: 53 }, user: { level: 0 }, idleMs: 7000 },
    ]);
    expect(packetsOf({ address: '192.0.2.1', port: 53, network: 'udp', timeout: 7, userLevel: 2 })).toMatchObject([
      { user: { level: 2 }, idleMs: undefined },
    ]);
  });

  test('drops packets where there is no address', () => {
    expect(packetsOf({ port: 53, network: 'udp' })).toEqual([]);
  });
});

describe('settings', () => {
  test.each<[DokodemoSettings['network'], string[]]>([
    [undefined, ['tcp']],
    ['tcp', ['tcp']],
    ['UDP', ['udp']],
    ['udp, tcp', ['tcp', 'udp']],
    [['udp', 'udp'], ['udp']],
  ])('network %j listens on %j', (network, expected) => {
    expect(dokodemoInbound.networks(network === undefined ? {} : { network })).toEqual(expected);
  });

  test.each<[DokodemoSettings, string[]]>([
    [{ address: 'example.org', port: 1, network: ['tcp', 'udp'], timeout: 1 }, []],
    [{ address: '192.0.2.1' }, ['warning port']],
    [{ address: '127.0.0.1' }, []],
    [{ port: 80 }, ['warning address']],
    [{ address: 'a b', port: 80 }, ['error address']],
    [{ address: '/run/x.sock', port: 80 }, ['error address']],
    [{ address: 'a', port: '70000' }, ['error port']],
    [{ address: 'a', port: 80, network: 'icmp' }, ['error network']],
    [{ address: 'a', port: 80, network: '' }, ['error network']],
    [{ address: 'a', port: 80, network: ['tcp', 'unix'] }, ['error network.1']],
    [{ address: 'a', port: 80, network: [] }, ['error network']],
    [{ address: 'a', port: 80, followRedirect: true }, ['error followRedirect']],
    [{ address: 'a', port: 80, followRedirect: false }, []],
    [{ address: 'a', port: 80, timeout: 5, userLevel: 1 }, ['warning timeout']],
  ])('check of %j finds %j', (settings, expected) => {
    const found: string[] = [];
    const problems = {
      error: (path: readonly (string | number)[]) => found.push(`error ${path.join('.')}`),
      warning: (path: readonly (string | number)[]) => found.push(`warning ${path.join('.')}`),
    };
    dokodemoInbound.check?.(settings, problems);
    expect(found).toEqual(expected);
  });
});
