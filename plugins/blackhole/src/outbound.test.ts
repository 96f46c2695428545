import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net from 'node:net';
import {
  defineInbound,
  destination,
  Relay,
  Type,
  type DataPlane,
  type Destination,
  type Link,
  type Outbound,
} from '@sluice/plugin-api';
import { hostInbound, hostOutbound, StubSession, type InboundHost } from '@sluice/testing';
import { describe, expect, test, vi } from 'vitest';
import { blackholeOutbound } from './index.js';

const target: Destination = destination('tcp', 'blocked.example', 80);

/** Leads every connection to one outbound that shares its data plane. */
const throughInbound = defineInbound<object>({
  description: 'Relays at once.',
  schema: Type.Object({}),
  networks: () => ['tcp'],
  create: ({ dispatcher }) => ({
    accept: async (link, session) => dispatcher.relay(session, link, await dispatcher.connect(session, target)),
  }),
});

async function hostBlackhole(settings: object): Promise<InboundHost> {
  const made: { outbound?: Outbound } = {};
  const host = await hostInbound(throughInbound, {}, { connect: (session, to) => made.outbound!.connect(session, to) });
  // The outbound lives on the inbound's plane, so that one look shows all that is left.
  made.outbound = blackholeOutbound.create({ plane: host.plane, settings } as never);
  return host;
}

async function readAll(socket: net.Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

async function expectClean(plane: DataPlane): Promise<void> {
  await vi.waitFor(() => expect(plane.state()).toMatchObject({ conns: 0, timers: 0, buffers: { borrowed: 0 } }), 3000);
}

const FORBIDDEN =
  /^HTTP\/1\.1 403 Forbidden\r\nConnection: close\r\nCache-Control: max-age=3600, public\r\nContent-Length: 0\r\n\r\n$/;

describe('through an inbound', () => {
  test('none: the connection ends in order without a byte', async () => {
    const host = await hostBlackhole({});
    const socket = net.connect({ port: host.port, host: '127.0.0.1' });
    expect(await readAll(socket)).toBe('');
    expect(await host.nextEnd()).toMatchObject({ result: { end: 'done', uplink: 0, downlink: 0 } });
    await host.close();
    await expectClean(host.plane);
  });

  test('http: the request is answered 403, also when it is long', async () => {
    const host = await hostBlackhole({ response: { type: 'http' } });
    const socket = net.connect({ port: host.port, host: '127.0.0.1' });
    socket.write(`POST / HTTP/1.1\r\nHost: blocked.example\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`);
    expect(await readAll(socket)).toMatch(FORBIDDEN);
    expect(await host.nextEnd()).toMatchObject({ result: { end: 'done' } });
    await host.close();
    await expectClean(host.plane);
  });

  test('a client that neither ends nor reads does not keep its connection', async () => {
    const host = await hostBlackhole({});
    const socket = net.connect({ port: host.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    await host.nextEnd();
    socket.end();
    socket.resume();
    await closed;
    await host.close();
    await expectClean(host.plane);
  });

  test('a client that does not stop sending is cut off', async () => {
    const host = await hostBlackhole({});
    const socket = net.connect({ port: host.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    const chunk = Buffer.alloc(64 * 1024);
    const pour = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', pour).resume();
    pour();
    const end = await host.nextEnd();
    expect(end.result?.uplink).toBeGreaterThan(256 * 1024);
    socket.destroy();
    await host.close();
    await expectClean(host.plane);
  });
});

describe('as a link', () => {
  test('holds nothing after it was destroyed unread', async () => {
    for (const settings of [{}, { response: { type: 'http' } }]) {
      const host = await hostOutbound(blackholeOutbound, settings);
      const link = await host.connect(target);
      link.destroy();
      await expectClean(host.plane);
    }
  });

  test('holds nothing after a relay that was closed at once', async () => {
    const host = await hostOutbound(blackholeOutbound, { response: { type: 'http' } });
    const [a, b]: Link[] = [await host.connect(target), await host.connect(target)];
    const timeouts = { connIdle: 1000, uplinkOnly: 1000, downlinkOnly: 1000 };
    const relay = new Relay(host.plane, a!, b!, { timeouts, onEnd: () => undefined });
    relay.start();
    relay.close();
    await expectClean(host.plane);
  });

  test('answers at once: nobody has to ask first', async () => {
    const host = await hostOutbound(blackholeOutbound, { response: { type: 'http' } });
    const link = await host.connect(target, new StubSession());
    expect((await link.reader.readExactly(24)).toString()).toBe('HTTP/1.1 403 Forbidden\r\n');
    link.destroy();
    await expectClean(host.plane);
  });
});

test('UDP packets vanish, and the path closes once', async () => {
  const host = await hostOutbound(blackholeOutbound, {});
  const packets = await host.openPackets(destination('udp', '127.0.0.1', 9));
  const events: string[] = [];
  packets.attach({ onPacket: () => events.push('packet'), onClose: () => events.push('close') });
  packets.send(Buffer.from('ping'), destination('udp', '127.0.0.1', 9));
  packets.close();
  packets.close();
  expect(events).toEqual(['close']);
  await expectClean(host.plane);
});
