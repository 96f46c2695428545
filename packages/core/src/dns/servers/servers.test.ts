import { Buffer } from 'node:buffer';
import dgram from 'node:dgram';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildQuery, withId } from '../wire/build.js';
import { parseAnswer, parseQuery, TYPE } from '../wire/message.js';
import { ip4, reply } from '../wire/message.fixture.js';
import { CERTIFICATE, NameServer, serverAt, type Answering, type TestServer } from './name-server.fixture.js';

const soon = (): AbortSignal => AbortSignal.timeout(5000);
const address = (last: number) => ({ type: TYPE.A, data: ip4(192, 0, 2, last) });
const right: Answering = (query) => reply(query, { answers: [address(1)] });
const ask = buildQuery('www.example.org', TYPE.A);

let nameServer: NameServer;
const made: TestServer[] = [];

function at(url: string, host?: string): TestServer {
  const server = serverAt(url, host);
  made.push(server);
  return server;
}

beforeEach(() => {
  nameServer = new NameServer(right);
  const { connect } = tls;
  // The certificates of the test's own authority, which no option of a server's address can name.
  vi.spyOn(tls, 'connect').mockImplementation(((options: object) => connect({ ...options, ca: CERTIFICATE })) as never);
});

afterEach(async () => {
  for (const { server } of made) server.close?.();
  nameServer.close();
  for (const { plane, open } of made.splice(0)) {
    await vi.waitFor(() => expect([plane.conns, open()]).toEqual([0, 0]));
    expect(plane.timers.size).toBe(0);
  }
  vi.restoreAllMocks();
});

const urls: Readonly<Record<string, (server: NameServer) => Promise<string>>> = {
  udp: async (server) => `udp://127.0.0.1:${await server.plain()}`,
  'udp+local': async (server) => `udp+local://127.0.0.1:${await server.plain()}`,
  tcp: async (server) => `tcp://127.0.0.1:${await server.plain()}`,
  'tcp+local': async (server) => `tcp+local://127.0.0.1:${await server.plain()}`,
  tls: async (server) => `tls://127.0.0.1:${await server.tls()}`,
  'tls+local': async (server) => `tls+local://127.0.0.1:${await server.tls()}`,
  https: async (server) => `https://127.0.0.1:${await server.https()}/dns-query?x=1`,
  'https+local': async (server) => `https+local://127.0.0.1:${await server.https()}/dns-query?x=1`,
  'https by HTTP/1.1': async (server) => `https://127.0.0.1:${await server.https(true)}/dns-query?x=1`,
};
const kept = ['tcp', 'tls', 'https', 'https by HTTP/1.1'];

describe.each(Object.keys(urls))('a server by %s', (kind) => {
  const start = async (): Promise<TestServer> => at(await urls[kind]!(nameServer));

  test('gives the answer under the id of the query', async () => {
    const { server, originated } = await start();
    for (const id of [1, 0xfffe]) {
      const answer = await server.exchange(withId(ask, id), soon());
      expect(parseAnswer(answer)).toMatchObject({ id, addresses: ['192.0.2.1'] });
    }
    expect(parseQuery(nameServer.asked[0]!.query)?.question).toEqual(parseQuery(ask)?.question);
    const network = kind.startsWith('udp') ? 'udp' : 'tcp';
    const as = { inboundTag: 'dns-in', inboundProtocol: 'dns', network };
    if (kind.includes('+local')) expect(originated).toEqual([]);
    else expect(originated[0]).toEqual(as);
  });

  test('answers many at once, each with its own', async () => {
    const { server } = await start();
    nameServer.answering = (query) => {
      const number = Number(parseQuery(query)!.question.name.slice(1));
      return reply(query, { answers: [address(number)] });
    };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => server.exchange(buildQuery(`n${i}`, TYPE.A), soon())),
    );
    expect(answers.map((answer) => parseAnswer(answer).addresses[0])).toEqual(
      Array.from({ length: 50 }, (_, i) => `192.0.2.${i}`),
    );
  });

  test('gives up when told, and can be asked again', async () => {
    const { server } = await start();
    nameServer.answering = () => undefined;
    if (kind.startsWith('https')) nameServer.answering = (query) => Buffer.alloc(query.length < 12 ? 0 : 4);
    await expect(server.exchange(ask, AbortSignal.timeout(200))).rejects.toMatchObject({ code: 'E_DNS_FAILED' });
    nameServer.answering = right;
    expect(parseAnswer(await server.exchange(ask, soon())).addresses).toEqual(['192.0.2.1']);
    await expect(server.exchange(ask, AbortSignal.abort())).rejects.toMatchObject({ code: 'E_DNS_FAILED' });
  });
});

describe.each(kept)('a connection to a server by %s', (kind) => {
  const start = async (): Promise<TestServer> => at(await urls[kind]!(nameServer));

  test('is kept, and made anew when the server has cut it', async () => {
    const { server } = await start();
    for (let i = 0; i < 5; i += 1) await server.exchange(ask, soon());
    expect(nameServer.accepted).toBe(1);
    nameServer.cut();
    expect(parseAnswer(await server.exchange(ask, soon())).addresses).toEqual(['192.0.2.1']);
    expect(nameServer.accepted).toBe(2);
  });

  test('is one, however many ask first', async () => {
    const { server } = await start();
    await Promise.all([1, 2, 3].map((id) => server.exchange(withId(ask, id), soon())));
    expect(nameServer.accepted).toBeLessThanOrEqual(kind === 'https by HTTP/1.1' ? 3 : 1);
  });

  test('outlives whoever asked first and gave up', async () => {
    const { server } = await start();
    const first = new AbortController();
    const given = server.exchange(ask, first.signal);
    const second = server.exchange(ask, soon());
    first.abort();
    await expect(given).rejects.toMatchObject({ code: 'E_DNS_FAILED' });
    expect(parseAnswer(await second).addresses).toEqual(['192.0.2.1']);
  });

  test('that is refused is an error, and tried again with the next question', async () => {
    const { server } = await start();
    nameServer.close();
    await expect(server.exchange(ask, soon())).rejects.toMatchObject({ code: 'E_DIAL_REFUSED' });
    await expect(server.exchange(ask, soon())).rejects.toMatchObject({ code: 'E_DIAL_REFUSED' });
  });

  test('is over when the server is closed', async () => {
    const { server } = await start();
    await server.exchange(ask, soon());
    server.close?.();
    await expect(server.exchange(ask, soon())).rejects.toMatchObject({ code: expect.stringMatching(/^E_/) as string });
  });
});

describe('over UDP', () => {
  const start = async (): Promise<TestServer> => at(await urls['udp']!(nameServer));

  test('only the answer to this very question from this very server counts', async () => {
    const { server } = await start();
    nameServer.answering = (query) => [
      Buffer.alloc(0),
      Buffer.from('junk that is no message'),
      query,
      withId(reply(query, { answers: [address(2)] }), query.readUInt16BE(0) ^ 1),
      withId(reply(buildQuery('evil.example', TYPE.A), { answers: [address(3)] }), query.readUInt16BE(0)),
      reply(query, { answers: [address(1)] }),
    ];
    expect(parseAnswer(await server.exchange(ask, soon())).addresses).toEqual(['192.0.2.1']);
  });

  test('an answer from another port is not believed', async () => {
    const { server } = await start();
    const forger = dgram.createSocket('udp4').bind(0, '127.0.0.1');
    nameServer.answering = (query) => {
      const { fromPort } = nameServer.asked.at(-1)!;
      forger.send(reply(query, { answers: [address(66)] }), fromPort, '127.0.0.1', () => {
        nameServer.answering = right;
      });
      return undefined;
    };
    expect(parseAnswer(await server.exchange(ask, soon())).addresses).toEqual(['192.0.2.1']);
    forger.close();
  });

  test('a lost packet is sent again', async () => {
    const { server } = await start();
    let count = 0;
    nameServer.answering = (query, by) => ((count += 1) === 1 ? undefined : right(query, by));
    expect(parseAnswer(await server.exchange(ask, soon())).addresses).toEqual(['192.0.2.1']);
    expect(nameServer.asked).toHaveLength(2);
  });

  test('every question has a port of its own', async () => {
    const { server } = await start();
    for (let i = 0; i < 8; i += 1) await server.exchange(ask, soon());
    expect(new Set(nameServer.asked.map(({ fromPort }) => fromPort)).size).toBeGreaterThan(1);
  });

  test('a silent server holds no more than 128 ports, and each question has its answer all the same', async () => {
    const { server } = await start();
    nameServer.answering = () => undefined;
    const number = (query: Buffer): number => Number(parseQuery(query)!.question.name.slice(1));
    const answers = Promise.all(
      Array.from({ length: 200 }, (_, i) => server.exchange(buildQuery(`n${i}`, TYPE.A), soon())),
    );
    await vi.waitFor(() => expect(nameServer.asked).toHaveLength(200));
    expect(new Set(nameServer.asked.map(({ fromPort }) => fromPort)).size).toBe(128);
    // When they are sent again.
    nameServer.answering = (query) =>
      reply(query, { answers: [{ type: TYPE.A, data: ip4(10, 0, number(query) >> 8, number(query) & 255) }] });
    const found = (await answers).map((answer) => parseAnswer(answer).addresses[0]);
    expect(found).toEqual(Array.from({ length: 200 }, (_, i) => `10.0.${i >> 8}.${i & 255}`));
  });

  test('what does not fit is asked for over TCP', async () => {
    const { server, originated } = await start();
    nameServer.answering = (query, by) =>
      by === 'udp'
        ? reply(query, { isTruncated: true })
        : reply(query, { answers: Array.from({ length: 200 }, (_, i) => address(i)) });
    expect(parseAnswer(await server.exchange(ask, soon())).addresses).toHaveLength(200);
    expect(originated.map(({ network }) => network)).toEqual(['udp', 'tcp']);
  });
});

describe('over TLS', () => {
  test.each(['tls', 'https'])('%s: a certificate of another name is refused', async (kind) => {
    const url = (await urls[kind]!(nameServer)).replace('127.0.0.1', 'other.example');
    const { server } = at(url, '127.0.0.1');
    await expect(server.exchange(ask, soon())).rejects.toMatchObject({
      code: 'E_DNS_FAILED',
      message: expect.stringContaining('TLS') as string,
    });
  });

  test.each(['tls', 'https'])('%s: the name is sent and checked, wherever the server is', async (kind) => {
    const url = (await urls[kind]!(nameServer)).replace('127.0.0.1', 'dns.example');
    const { server } = at(url, '127.0.0.1');
    expect(parseAnswer(await server.exchange(ask, soon())).addresses).toEqual(['192.0.2.1']);
  });

  test('a server that only says hello is given up', async () => {
    const port = await nameServer.plain();
    const { server } = at(`tls://127.0.0.1:${port}`);
    await expect(server.exchange(ask, AbortSignal.timeout(200))).rejects.toMatchObject({ code: 'E_DNS_FAILED' });
  });
});

describe('over HTTPS', () => {
  test('HTTP/2 is spoken where it can be, the type is said, and the id is 0', async () => {
    for (const isOld of [false, true]) {
      const { server } = at(`https://127.0.0.1:${await nameServer.https(isOld)}/dns-query?x=1`);
      await server.exchange(ask, soon());
    }
    expect(nameServer.asked.map(({ by }) => by)).toEqual([
      '2.0 application/dns-message',
      '1.1 application/dns-message',
    ]);
    expect(nameServer.asked.map(({ query }) => query.readUInt16BE(0))).toEqual([0, 0]);
  });

  test.each([false, true])('a status other than 200 is an error (HTTP/1.1: %s)', async (isOld) => {
    const { server } = at(`https://127.0.0.1:${await nameServer.https(isOld, 503)}/dns-query?x=1`);
    for (let i = 0; i < 2; i += 1)
      await expect(server.exchange(ask, soon())).rejects.toMatchObject({
        code: 'E_DNS_FAILED',
        message: expect.stringContaining('503') as string,
      });
  });

  test.each([false, true])('an answer longer than a message is an error (HTTP/1.1: %s)', async (isOld) => {
    const { server } = at(`https://127.0.0.1:${await nameServer.https(isOld)}/dns-query?x=1`);
    nameServer.answering = () => Buffer.alloc(100_000);
    await expect(server.exchange(ask, soon())).rejects.toMatchObject({ code: 'E_DNS_FAILED' });
  });
});

describe('localhost', () => {
  test('is what the operating system knows', async () => {
    const { server } = at('localhost://system');
    const answer = await server.exchange(buildQuery('localhost', TYPE.A), soon());
    expect(parseAnswer(answer)).toMatchObject({ addresses: ['127.0.0.1'], rcode: 0 });
    await expect(server.exchange(buildQuery('localhost', 16), soon())).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
  });
});
