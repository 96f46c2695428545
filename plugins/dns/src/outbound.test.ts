import { Buffer } from 'node:buffer';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import {
  destination,
  tokens,
  type Dns,
  type Endpoint,
  type Link,
  type PacketConn,
  type Token,
} from '@sluice/plugin-api';
import { hostOutbound, StubSession, type OutboundHost } from '@sluice/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { dnsOutbound } from './index.js';
import { answerTo, framed, idOf, isTruncated, query, rcodeOf } from './messages.fixture.js';
import type { DnsOutboundSettings } from './schema.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const ownAnswer = (message: Buffer): Promise<Buffer> => Promise.resolve(answerTo(message, 'own'));

async function host(
  settings: DnsOutboundSettings = {},
  answer: (query: Buffer) => Promise<Buffer> = ownAnswer,
): Promise<OutboundHost> {
  const dns = { answer } as Dns;
  const services = {
    get<T>(wanted: Token<T>): T {
      expect(wanted.id).toBe(tokens.dns.id);
      return dns as T;
    },
  };
  const made = await hostOutbound(dnsOutbound, settings, { services });
  cleanups.push(() => expectClean(made));
  return made;
}

/** A server that says "server" behind each question, and what it was asked. */
interface Server {
  readonly port: number;
  readonly asked: Buffer[];
  /** TCP connections that it has taken. */
  readonly sockets: net.Socket[];
}

async function udpServer(reply: (message: Buffer) => Buffer = (one) => answerTo(one, 'server')): Promise<Server> {
  const asked: Buffer[] = [];
  const socket = dgram.createSocket('udp4');
  socket.on('message', (message, from) => {
    asked.push(message);
    socket.send(reply(message), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  cleanups.push(() => void socket.close());
  return { port: socket.address().port, asked, sockets: [] };
}

async function tcpServer(
  onQuestion: (message: Buffer, socket: net.Socket) => void = (message, socket) =>
    void socket.write(framed(answerTo(message, 'server'))),
): Promise<Server> {
  const asked: Buffer[] = [];
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    let kept = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      kept = Buffer.concat([kept, chunk]);
      while (kept.length >= 2 && kept.length >= 2 + kept.readUInt16BE(0)) {
        const message = kept.subarray(2, 2 + kept.readUInt16BE(0));
        kept = kept.subarray(2 + message.length);
        asked.push(message);
        onQuestion(message, socket);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as net.AddressInfo).port, asked, sockets };
}

async function nextMessage(link: Link): Promise<Buffer> {
  const length = (await link.reader.readExactly(2)).readUInt16BE(0);
  return link.reader.readExactly(length);
}

const tail = (message: Buffer, count: number): string => message.subarray(-count).toString();

async function expectClean({ plane }: OutboundHost): Promise<void> {
  await vi.waitFor(() => expect(plane.state()).toMatchObject({ conns: 0, timers: 0 }), 3000);
}

async function gone(link: Link, made: OutboundHost): Promise<void> {
  link.destroy();
  await expectClean(made);
}

const nowhere = destination('tcp', '127.0.0.1', 1);

describe('a TCP link', () => {
  test('gets answers for addresses from the DNS, at every split of two questions', async () => {
    const made = await host();
    const stream = framed(query(1, 'a.example'), query(2, 'b.example', 'AAAA'));
    for (let at = 0; at <= stream.length; at += 1) {
      const link = await made.connect(nowhere);
      link.write(stream.subarray(0, at));
      await new Promise(setImmediate);
      link.write(stream.subarray(at));
      expect([await nextMessage(link), await nextMessage(link)]).toEqual([
        answerTo(query(1, 'a.example'), 'own'),
        answerTo(query(2, 'b.example', 'AAAA'), 'own'),
      ]);
      link.destroy();
    }
    await expectClean(made);
  });

  test('gets them in the order in which they are there', async () => {
    const open = new Map<number, (answer: Buffer) => void>();
    const made = await host({}, (message) => new Promise((resolve) => open.set(idOf(message), resolve)));
    const link = await made.connect(nowhere);
    link.write(framed(query(1, 'a.example'), query(2, 'b.example')));
    await vi.waitFor(() => expect(open.size).toBe(2));
    open.get(2)!(answerTo(query(2, 'b.example')));
    expect(idOf(await nextMessage(link))).toBe(2);
    open.get(1)!(answerTo(query(1, 'a.example')));
    expect(idOf(await nextMessage(link))).toBe(1);
    await gone(link, made);
  });

  test('gets other answers from the server that it asked, by one connection', async () => {
    const server = await tcpServer();
    const made = await host();
    const link = await made.connect(destination('tcp', '127.0.0.1', server.port));
    link.write(framed(query(1, 'a.example', 'TXT'), query(2, 'a.example', 'MX'), query(3, 'a.example')));
    const answers = [await nextMessage(link), await nextMessage(link), await nextMessage(link)];
    expect(answers.map((one) => [idOf(one), tail(one, 3)]).sort()).toEqual([
      [1, 'ver'],
      [2, 'ver'],
      [3, 'own'],
    ]);
    expect([server.sockets.length, server.asked.map(idOf)]).toEqual([1, [1, 2]]);
    await gone(link, made);
    await vi.waitFor(() => expect(server.sockets[0]!.destroyed).toBe(true));
  });

  test('is passed on by UDP to another server, if so configured', async () => {
    const server = await udpServer();
    const made = await host({ network: 'udp', address: '127.0.0.1', port: server.port });
    const link = await made.connect(nowhere);
    link.write(framed(query(1, 'a.example', 'TXT')));
    expect(tail(await nextMessage(link), 6)).toBe('server');
    await gone(link, made);
  });

  test('opens another connection when the server has closed the first', async () => {
    const server = await tcpServer((message, socket) => socket.end(framed(answerTo(message, 'server'))));
    const made = await host();
    const link = await made.connect(destination('tcp', '127.0.0.1', server.port));
    for (const id of [1, 2]) {
      link.write(framed(query(id, 'a.example', 'TXT')));
      expect(idOf(await nextMessage(link))).toBe(id);
      await vi.waitFor(() => expect(server.sockets[id - 1]!.destroyed).toBe(true));
      await vi.waitFor(() => expect(made.plane.state().conns).toBe(2));
    }
    expect(server.sockets).toHaveLength(2);
    await gone(link, made);
  });

  test('is told of a server that cannot be reached or goes away', async () => {
    const made = await host();
    const server = await tcpServer((_, socket) => socket.destroy());
    for (const port of [1, server.port]) {
      const link = await made.connect(destination('tcp', '127.0.0.1', port));
      link.write(framed(query(1, 'a.example', 'TXT')));
      const answer = await nextMessage(link);
      expect([idOf(answer), rcodeOf(answer)]).toEqual([1, 2]);
      await gone(link, made);
    }
  });

  test('is told so when the DNS itself fails', async () => {
    const made = await host({}, () => Promise.reject(new Error('broken')));
    const link = await made.connect(nowhere);
    link.write(framed(query(9, 'a.example')));
    const answer = await nextMessage(link);
    expect([idOf(answer), rcodeOf(answer)]).toEqual([9, 2]);
    await gone(link, made);
  });

  test('gets all answers that it has asked for after it has ended, then the end', async () => {
    const server = await tcpServer();
    const made = await host();
    const link = await made.connect(destination('tcp', '127.0.0.1', server.port));
    link.write(framed(query(1, 'a.example', 'TXT'), query(2, 'a.example')));
    link.end();
    expect([idOf(await nextMessage(link)), idOf(await nextMessage(link))].sort()).toEqual([1, 2]);
    await vi.waitFor(() => expect(link.reader.sawEnd).toBe(true));
    await gone(link, made);
  });

  test('gets all messages of an answer that has several', async () => {
    const server = await tcpServer((message, socket) => {
      socket.write(framed(answerTo(message, 'one'), answerTo(message, 'two'), answerTo(message, 'three')));
    });
    const made = await host();
    const link = await made.connect(destination('tcp', '127.0.0.1', server.port));
    link.write(framed(query(1, 'a.example', 'NS')));
    for (const part of ['one', 'two', 'three']) expect(tail(await nextMessage(link), part.length)).toBe(part);
    await gone(link, made);
  });

  test('is told of an answer that is too long to be sent', async () => {
    const made = await host({}, (message) => Promise.resolve(answerTo(message, 'x'.repeat(65_536))));
    const link = await made.connect(nowhere);
    link.write(framed(query(1, 'a.example')));
    expect(rcodeOf(await nextMessage(link))).toBe(2);
    await gone(link, made);
  });

  test('that asks without end, or does not take its answers, waits', async () => {
    let asked = 0;
    const open: ((answer: Buffer) => void)[] = [];
    const made = await host(
      {},
      () =>
        new Promise((resolve) => {
          asked += 1;
          open.push(resolve);
        }),
    );
    const link = await made.connect(nowhere);
    link.write(framed(...Array.from({ length: 1000 }, (_, id) => query(id, 'a.example'))));
    await vi.waitFor(() => expect(asked).toBe(64));
    const big = (id: number): Buffer => answerTo(query(id, 'a.example'), 'x'.repeat(60_000));
    open.splice(0).forEach((answer, id) => answer(big(id)));
    for (let i = 0; i < 1000; i += 1) {
      open.splice(0).forEach((answer) => answer(big(i)));
      expect((await nextMessage(link)).length).toBeGreaterThan(60_000);
      // Those that are open, and those whose answers it has not read.
      expect(asked - i).toBeLessThan(130);
    }
    expect(asked).toBe(1000);
    await gone(link, made);
  });

  test('that speaks something else is closed', async () => {
    const made = await host();
    for (const words of [
      framed(answerTo(query(1, 'a.example'))),
      framed(Buffer.from('hello')),
      Buffer.of(0xff, 0xff),
    ]) {
      const link = await made.connect(nowhere);
      link.write(words);
      await expect(link.reader.readExactly(1)).rejects.toMatchObject({ code: 'E_CONN_CLOSED' });
      await gone(link, made);
    }
  });

  test('a question without an answer is given up', { timeout: 30_000 }, async () => {
    const server = await tcpServer(() => undefined);
    const made = await host();
    const link = await made.connect(destination('tcp', '127.0.0.1', server.port));
    link.write(framed(query(1, 'a.example', 'TXT')));
    expect(rcodeOf(await nextMessage(link))).toBe(2);
    await gone(link, made);
  });

  test("of the DNS's own goes to the server, whatever it asks", async () => {
    const server = await tcpServer();
    const made = await host({ nonIPQuery: 'drop' });
    const session = new StubSession('tcp', undefined, undefined, { protocol: 'dns' });
    const link = await made.connect(destination('tcp', '127.0.0.1', server.port), session);
    // As the DNS does.
    session.close();
    link.write(framed(query(1, 'a.example')));
    expect(tail(await nextMessage(link), 6)).toBe('server');
    await gone(link, made);
  });

  test("of the DNS's own is passed on by UDP, if so configured", async () => {
    const server = await udpServer();
    const made = await host({ network: 'udp' });
    const session = new StubSession('tcp', undefined, undefined, { protocol: 'dns' });
    const link = await made.connect(destination('tcp', '127.0.0.1', server.port), session);
    session.close();
    link.write(framed(query(1, 'a.example')));
    expect(tail(await nextMessage(link), 6)).toBe('server');
    await gone(link, made);
  });
});

describe('packets', () => {
  interface Heard {
    readonly payload: Buffer;
    readonly from: Endpoint;
  }

  function listenTo(packets: PacketConn): { heard: Heard[]; closes: number[]; next(): Promise<Heard> } {
    const heard: Heard[] = [];
    const closes: number[] = [];
    packets.attach({ onPacket: (payload, from) => heard.push({ payload, from }), onClose: () => closes.push(1) });
    return {
      heard,
      closes,
      async next() {
        await vi.waitFor(() => expect(heard.length).toBeGreaterThan(0), 3000);
        return heard.shift()!;
      },
    };
  }

  const to = (port: number) => destination('udp', '127.0.0.1', port);

  test('get answers from whom they asked, addresses by the DNS and others by the server', async () => {
    const servers = [await udpServer(), await udpServer()];
    const made = await host();
    const packets = await made.openPackets(to(1));
    const { next, closes } = listenTo(packets);
    for (const { port } of servers) {
      packets.send(query(1, 'a.example'), to(port));
      expect(await next()).toEqual({
        payload: answerTo(query(1, 'a.example'), 'own'),
        from: { address: '127.0.0.1', port },
      });
      packets.send(query(2, 'a.example', 'MX'), to(port));
      expect(await next()).toEqual({
        payload: answerTo(query(2, 'a.example', 'MX'), 'server'),
        from: { address: '127.0.0.1', port },
      });
    }
    packets.close();
    packets.close();
    expect(closes).toEqual([1]);
  });

  test('are passed on by TCP, if so configured, and answers that are too long are cut short', async () => {
    const server = await tcpServer((message, socket) => {
      socket.write(framed(answerTo(message, 'x'.repeat(1000))));
    });
    const made = await host({ network: 'tcp', address: 'localhost', port: String(server.port) });
    const packets = await made.openPackets(to(53));
    const { next } = listenTo(packets);
    packets.send(query(1, 'a.example', 'TXT', 1232), to(53));
    const long = await next();
    expect([long.from.port, long.payload.length > 1000, isTruncated(long.payload)]).toEqual([53, true, false]);
    packets.send(query(2, 'a.example', 'TXT'), to(53));
    const short = await next();
    expect([idOf(short.payload), short.payload.length < 512, isTruncated(short.payload)]).toEqual([2, true, true]);
    packets.close();
  });

  test('of the DNS that are too long are cut short', async () => {
    const made = await host({}, (message) => Promise.resolve(answerTo(message, 'x'.repeat(600))));
    const packets = await made.openPackets(to(53));
    const { next } = listenTo(packets);
    packets.send(query(1, 'a.example'), to(53));
    expect(isTruncated((await next()).payload)).toBe(true);
    packets.close();
  });

  test('are dropped where only questions for addresses are wanted', async () => {
    const server = await udpServer();
    const made = await host({ nonIPQuery: 'drop' });
    const packets = await made.openPackets(to(server.port));
    const { next, heard } = listenTo(packets);
    packets.send(query(1, 'a.example', 'TXT'), to(server.port));
    packets.send(query(2, 'a.example'), to(server.port));
    expect(idOf((await next()).payload)).toBe(2);
    expect([heard.length, server.asked.length]).toEqual([0, 0]);
    packets.close();
  });

  test('that are no questions are dropped, and answers nobody asked for', async () => {
    const server = await udpServer((message) => {
      const other = answerTo(message, 'server');
      if (idOf(message) === 1) other.writeUInt16BE(77, 0);
      return other;
    });
    const made = await host();
    const packets = await made.openPackets(to(server.port));
    const { next, heard } = listenTo(packets);
    for (const junk of [Buffer.alloc(0), Buffer.from('hello'), answerTo(query(3, 'a.example'))])
      packets.send(junk, to(server.port));
    packets.send(query(1, 'a.example', 'TXT'), to(server.port));
    packets.send(query(2, 'a.example', 'TXT'), to(server.port));
    expect(idOf((await next()).payload)).toBe(2);
    expect([heard.length, server.asked.map(idOf)]).toEqual([0, [1, 2]]);
    packets.close();
  });

  test('have a bound on what is open', async () => {
    let asked = 0;
    const made = await host({}, () => {
      asked += 1;
      return new Promise(() => undefined);
    });
    const packets = await made.openPackets(to(53));
    listenTo(packets);
    for (let id = 0; id < 1000; id += 1) packets.send(query(id, 'a.example'), to(53));
    expect(asked).toBe(64);
    packets.close();
    packets.send(query(1, 'a.example'), to(53));
    expect(asked).toBe(64);
  });

  test("of the DNS's own go to the server", async () => {
    const server = await udpServer();
    const made = await host();
    const session = new StubSession('udp', undefined, undefined, { protocol: 'dns' });
    const packets = await made.openPackets(to(server.port), session);
    const { next } = listenTo(packets);
    packets.send(query(1, 'a.example'), to(server.port));
    expect(tail((await next()).payload, 6)).toBe('server');
    packets.close();
  });
});

test('userLevel limits how long a link may be quiet', async () => {
  const level = { connIdle: 30_000, uplinkOnly: 2000, downlinkOnly: 2000 };
  for (const [settings, expected] of [
    [{}, undefined],
    [{ userLevel: 1 }, expect.objectContaining(level) as object],
  ] as const) {
    const made = await host(settings);
    const link = await made.connect(nowhere);
    expect(link.timeouts).toEqual(expected);
    await gone(link, made);
  }
});

test.each<[DnsOutboundSettings, string[]]>([
  [{}, []],
  [{ network: 'tcp', address: '192.0.2.1', port: '53' }, []],
  [{ address: 'dns.example' }, []],
  [{ address: '/run/dns.sock' }, ['address']],
  [{ address: 'a b' }, ['address']],
  [{ port: '70000' }, ['port']],
])('check of %j finds %j', (settings, expected) => {
  const found: string[] = [];
  const note = (path: readonly (string | number)[]): number => found.push(path.join('.'));
  dnsOutbound.check?.(settings, { error: note, warning: note });
  expect(found).toEqual(expected);
});
