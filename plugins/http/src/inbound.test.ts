import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from 'vitest';
import { SluiceError, type Link, type LevelPolicy } from '@sluice/plugin-api';
import {
  DirectDialer,
  hostInbound,
  type InboundHost,
  type InboundHostOptions,
  type StubSession,
} from '@sluice/testing';
import { httpInbound } from './index.js';
import type { InboundSettings } from './schema.js';
import { Origin, Wire } from './wire.fixture.js';

const open: { close(): Promise<void> | void }[] = [];
let host: InboundHost;
let origin: Origin;

async function start(settings: InboundSettings = {}, options: InboundHostOptions = {}): Promise<void> {
  origin = await Origin.start();
  host = await hostInbound(httpInbound, settings, options);
  open.push(origin, host);
}

async function client(): Promise<Wire> {
  const wire = await Wire.connect(host.port);
  open.push({ close: () => void wire.socket.destroy() });
  return wire;
}

/** Waits until nothing of any connection is left; fails by the test's time limit. */
async function settled(): Promise<void> {
  while (host.plane.conns > 0 || host.plane.timers.size > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(host.plane.state().buffers.borrowed).toBe(0);
}

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const hello = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

describe('CONNECT', () => {
  it('answers once the target is connected, and keeps what came early', async () => {
    await start();
    const wire = (await client()).send(`CONNECT ${origin.host} HTTP/1.1\r\nHost: ${origin.host}\r\n\r\nearly`);
    const target = await origin.next();
    expect(await wire.until('\r\n\r\n')).toBe('HTTP/1.1 200 Connection established\r\n\r\n');
    expect(await target.until('early')).toBe('early');
    target.send('answer').end();
    expect(await wire.rest()).toBe('answer');
    wire.send('after the half-close').end();
    expect(await target.rest()).toBe('after the half-close');
    expect(await host.nextEnd()).toMatchObject({
      result: { end: 'done', uplink: 25, downlink: 6 },
      session: { isEstablished: true },
    });
    await settled();
  });

  it('is understood byte by byte', async () => {
    await start();
    const wire = await client();
    for (const byte of `CONNECT ${origin.host} HTTP/1.1\r\nHost: a\r\n\r\nx`) {
      wire.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await (await origin.next()).until('x')).toBe('x');
    expect(await wire.until('\r\n\r\n')).toContain('200');
  });

  it.each([
    ['E_DIAL_REFUSED', 502],
    ['E_DIAL_TIMEOUT', 504],
    ['E_DNS_NOT_FOUND', 502],
    ['E_BLOCKED', 403],
    ['E_CLOSING', 503],
    ['E_UPSTREAM_REJECTED', 502],
    ['E_AUTH', 502],
  ])('says that it failed: %s is %i', async (code, status) => {
    await start(
      {},
      { connect: () => Promise.reject(new SluiceError(code as 'E_AUTH', 'no', { details: { status: 407 } })) },
    );
    const wire = (await client()).send('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\nearly');
    expect(await wire.message()).toMatch(
      new RegExp(`^HTTP/1.1 ${status} .+\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$`),
    );
    wire.end();
    expect(await host.nextEnd()).toMatchObject({ error: { code } });
    await settled();
  });

  it('is refused with a body, which could be taken for the tunnel', async () => {
    await start();
    const wire = (await client()).send('CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc');
    expect(await wire.message()).toContain('HTTP/1.1 400 ');
  });

  it('may follow a plain request on the same connection', async () => {
    await start();
    const wire = (await client()).send(
      `GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\nCONNECT ${origin.host} HTTP/1.1\r\nHost: a\r\n\r\nearly`,
    );
    const first = await origin.next();
    await first.until('\r\n\r\n');
    first.send(hello);
    expect(await wire.message()).toBe(hello);
    expect(await wire.message()).toContain('200 Connection established');
    const second = await origin.next();
    expect(await second.until('early')).toBe('early');
    second.send('answer').end();
    wire.end();
    expect(await wire.rest()).toBe('answer');
  });
});

describe('a plain request', () => {
  it('goes to the origin as an origin is spoken to, and its response comes back', async () => {
    await start();
    const wire = (await client()).send(
      `POST http://${origin.host}/a?b HTTP/1.1\r\nHost: elsewhere\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eDp5\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nTE: trailers\r\nUpgrade: h2c\r\nKeep-Alive: 5\r\nCookie: a\r\nContent-Length: 4\r\n\r\nbody`,
    );
    const target = await origin.next();
    expect(await target.message()).toBe(
      `POST /a?b HTTP/1.1\r\nHost: ${origin.host}\r\nCookie: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody`,
    );
    target.send(hello);
    expect(await wire.message()).toBe(hello);
    expect(await target.rest()).toBe('');
    target.end();
    expect(await host.nextEnd()).toMatchObject({ result: { end: 'done' } });
    wire.end();
    expect(await host.nextEnd()).toEqual({ session: expect.objectContaining({ isEstablished: true }) as unknown });
    await settled();
  });

  it('is one of many on a connection, each routed by itself', async () => {
    const seen: StubSession[] = [];
    let dial: (session: StubSession) => Promise<Link> = () => Promise.reject(new SluiceError('E_BLOCKED', 'no'));
    await start(
      { userLevel: 3 },
      {
        connect: (session) => {
          seen.push(session as StubSession);
          return dial(session as StubSession);
        },
      },
    );
    const direct = new DirectDialer(host.plane);
    dial = (session) =>
      session.attributes?.[':path'] === '/blocked'
        ? Promise.reject(new SluiceError('E_BLOCKED', 'no'))
        : direct.dial(session, session.target as NonNullable<StubSession['target']>);
    const wire = (await client()).send(
      [
        `GET http://${origin.host}/one?q=1 HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nProxy-Authorization: y\r\n__proto__: z\r\n\r\n`,
        `post http://${origin.host}/blocked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
        `\r\nGET http://${origin.host}/three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      ].join(''),
    );
    const first = await origin.next();
    expect(await first.message()).toContain('GET /one?q=1 ');
    first.send(hello).end();
    expect(await wire.message()).toBe(hello);
    expect(await wire.message()).toBe('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    const third = await origin.next();
    expect(await third.message()).toContain('GET /three ');
    third.send(hello).end();
    expect(await wire.rest()).toBe('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello');
    wire.end();
    expect(new Set(seen.map(({ id }) => id)).size).toBe(3);
    expect(seen.map(({ user }) => user)).toEqual([{ level: 3 }, { level: 3 }, { level: 3 }]);
    expect({ ...seen[0]?.attributes }).toEqual({
      ...JSON.parse('{"__proto__":"z"}'),
      ':method': 'GET',
      ':path': '/one',
      host: 'a',
      'user-agent': 'x',
    });
    expect(seen[1]?.attributes?.[':method']).toBe('POST');
    await settled();
  });

  it('passes chunks and trailers both ways, of our own making', async () => {
    await start();
    const wire = (await client()).send(
      `POST http://${origin.host}/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n`,
    );
    const target = await origin.next();
    expect(await target.until('5\r\nhello\r\n')).toContain(
      '\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n',
    );
    wire.send('1\r\n!\r\n0\r\nX-Sum: 1\r\nHost: evil\r\n\r\n');
    expect(await target.until('\r\n\r\n')).toBe('1\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n');
    target.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n');
    expect(await wire.until('2\r\nhi\r\n')).toBe('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n');
    target.send('0\r\nX-End: 1\r\n\r\n');
    expect(await wire.until('\r\n\r\n')).toBe('0\r\nX-End: 1\r\n\r\n');
  });

  it('waits with its body for the word of the origin', async () => {
    await start();
    const wire = (await client()).send(
      `PUT http://${origin.host}/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n`,
    );
    const target = await origin.next();
    expect(await target.until('\r\n\r\n')).toContain('\r\nExpect: 100-continue\r\n');
    target.send('HTTP/1.1 100 Continue\r\n\r\n');
    expect(await wire.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    wire.send('body');
    expect(await target.until('body')).toBe('body');
    target.send(hello);
    expect(await wire.message()).toBe(hello);
  });

  it('is answered before its body is complete: the connection is not used again', async () => {
    await start();
    const wire = (await client()).send(
      `PUT http://${origin.host}/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc`,
    );
    const target = await origin.next();
    await target.until('abc');
    target.send('HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n');
    expect(await wire.message()).toBe('HTTP/1.1 413 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    wire.send('more').end();
    expect(await wire.rest()).toBe('');
    await settled();
  });

  it('becomes a tunnel by Upgrade', async () => {
    await start();
    const wire = (await client()).send(
      `GET http://${origin.host}/ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\nearly`,
    );
    const target = await origin.next();
    expect(await target.until('\r\n\r\n')).toBe(
      `GET /ws HTTP/1.1\r\nHost: ${origin.host}\r\nSec-WebSocket-Key: k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    target.send('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nfrom the origin');
    expect(await wire.until('from the origin')).toContain(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(await target.until('early')).toBe('early');
    wire.send('GET / HTTP/1.1\r\n\r\n').end();
    expect(await target.rest()).toBe('GET / HTTP/1.1\r\n\r\n');
    target.send('last').end();
    expect(await wire.rest()).toBe('last');
    const ends = [await host.nextEnd(), await host.nextEnd()];
    expect(ends.map(({ result }) => result?.end)).toContain('done');
    expect(ends.map(({ error }) => error)).toEqual([undefined, undefined]);
    await settled();
  });

  it('goes on where the origin declines the Upgrade', async () => {
    await start();
    const wire = (await client()).send(
      `GET http://${origin.host}/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    (await origin.next()).send(hello).end();
    expect(await wire.message()).toBe(hello);
    wire.send(`GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    (await origin.next()).send(hello).end();
    expect(await wire.message()).toBe(hello);
  });

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\n\r\n', 'HTTP/1.1 304 Not Modified\r\n\r\n'],
  ])('may have a response without a body: %s, %j', async (method, response, expected) => {
    await start();
    const wire = (await client()).send(`${method} http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    (await origin.next()).send(response);
    expect(await wire.until('\r\n\r\n')).toBe(expected);
    wire.send(`GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    (await origin.next()).send(hello);
    expect(await wire.message()).toBe(hello);
  });

  it('of HTTP/1.0 is answered and the connection closed', async () => {
    await start();
    const wire = (await client()).send(`GET http://${origin.host}/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`);
    (await origin.next()).send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n');
    expect(await wire.rest()).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi');
  });

  it('is answered though the client has ended its direction', async () => {
    await start();
    const wire = await client();
    wire
      .send(
        `GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\nGET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\n`,
      )
      .end();
    for (let i = 0; i < 2; i += 1) {
      const target = await origin.next();
      await target.until('\r\n\r\n');
      target.send(hello).end();
    }
    expect(await wire.rest()).toBe(hello + hello);
    await settled();
  });

  it('without the whole URI goes where Host says, if that is allowed', async () => {
    await start({ allowTransparent: true });
    const wire = (await client()).send(`GET /a HTTP/1.1\r\nHost: ${origin.host}\r\n\r\n`);
    const target = await origin.next();
    expect(await target.message()).toBe(`GET /a HTTP/1.1\r\nHost: ${origin.host}\r\nConnection: close\r\n\r\n`);
    target.send(hello);
    expect(await wire.message()).toBe(hello);
  });
});

describe('what cannot be understood', () => {
  it.each([
    ['a request in origin-form', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    [
      'both lengths',
      'POST http://a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['two lengths', 'POST http://a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd', 400],
    ['a lone LF', 'GET http://a/ HTTP/1.1\nHost: a\n\n', 400],
    ['a TLS hello', '\x16\x03\x01\x00\xa5\x01\x00', 400],
    ['SOCKS', '\x05\x01\x00', 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
    ['a head without end', `GET http://a/ HTTP/1.1\r\nX: ${'x'.repeat(70_000)}`, 431],
    ['an unknown coding', 'POST http://a/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 501],
  ])('is answered and closed: %s', async (_what, text, status) => {
    await start();
    const wire = (await client()).send(text);
    expect(await wire.rest()).toMatch(
      new RegExp(`^HTTP/1.1 ${status} [^\r]+\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$`),
    );
    wire.end();
    expect((await host.nextEnd()).error?.code).toMatch(/^E_(PROTOCOL|HANDSHAKE_LIMIT|UNSUPPORTED)$/);
    expect(origin.accepted).toBe(0);
    await settled();
  });

  it('in a body reaches no origin as a whole request', async () => {
    await start();
    const wire = (await client()).send(
      `POST http://${origin.host}/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`,
    );
    const target = await origin.next();
    await target.until('3\r\nabc\r\n');
    wire.send('0x0\r\n\r\n');
    expect(await wire.rest()).toContain('HTTP/1.1 400 Bad Request\r\n');
    wire.end();
    expect(await target.rest()).toBe('');
    expect(target.error).toMatchObject({ code: 'ECONNRESET' });
    await settled();
  });

  it.each([
    ['no response', ''],
    ['junk', 'SSH-2.0-x\r\n\r\n'],
    ['half a head', 'HTTP/1.1 200 OK\r\n'],
    ['a head that is too long', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`],
  ])('from the origin is a 502, after which the client goes on: %s', async (_what, text) => {
    await start();
    const wire = (await client()).send(`GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    (await origin.next()).send(text).end();
    expect(await wire.message()).toBe('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
    wire.send(`GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    (await origin.next()).send(hello).end();
    expect(await wire.message()).toBe(hello);
    wire.end();
    await settled();
  });

  it('is what a server says after its response', async () => {
    await start();
    const wire = (await client()).send(`GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    const target = await origin.next();
    target.send(`${hello}HTTP/1.1 200 smuggled\r\nContent-Length: 0\r\n\r\n`);
    expect(await wire.message()).toBe(hello);
    target.send('HTTP/1.1 200 smuggled\r\nContent-Length: 0\r\n\r\n');
    await target.rest();
    wire.send(`GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    (await origin.next()).send('HTTP/1.1 200 second\r\nContent-Length: 0\r\n\r\n').end();
    expect(await wire.message()).toContain('200 second');
    wire.end();
    await settled();
  });
});

describe('a connection that is cut off', () => {
  it.each([
    'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nabc',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    'HTTP/1.1 200 OK\r\n\r\nabc',
  ])('by the origin within a body is cut off for the client too: %j', async (response) => {
    await start();
    const wire = (await client()).send(`GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    const target = await origin.next();
    await target.until('\r\n\r\n');
    target.send(response);
    await wire.until('abc');
    target.reset();
    expect(await wire.rest()).not.toContain('0\r\n\r\n');
    expect(wire.error).toMatchObject({ code: 'ECONNRESET' });
    expect(await host.nextEnd()).toMatchObject({ result: { end: 'upstream-reset' } });
    await settled();
  });

  it.each([
    ['the client', 'POST', 'Transfer-Encoding: chunked\r\n', 'FFFFFFFFFFFFFFFFFF\r\n', ''],
    ['the origin', 'GET', '', '', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n'],
  ])('is not what the log calls nonsense from %s', async (_who, method, fields, body, response) => {
    await start();
    const wire = (await client()).send(`${method} http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    const target = await origin.next();
    await target.until('\r\n\r\n');
    if (body !== '') wire.send(body);
    if (response !== '') target.send(response);
    expect(await host.nextEnd()).toMatchObject({ result: { end: 'error', error: { code: 'E_PROTOCOL' } } });
    await settled();
  });

  it('by the origin without a response is a 502', async () => {
    await start();
    const wire = (await client()).send(`GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    const target = await origin.next();
    await target.until('\r\n\r\n');
    target.reset();
    expect(await wire.message()).toBe('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
  });

  it.each([
    ['while it waits', 'GET', ''],
    ['within its body', 'POST', 'Content-Length: 500\r\n'],
  ])('by the client %s is cut off for the origin', async (_when, method, fields) => {
    await start();
    const wire = (await client()).send(`${method} http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    const target = await origin.next();
    await target.until('\r\n\r\n');
    wire.reset();
    await target.rest();
    expect(target.error).toMatchObject({ code: 'ECONNRESET' });
    expect(await host.nextEnd()).toMatchObject({ result: { end: 'client-reset' } });
    await settled();
  });

  it('by the client within a response is cut off for the origin', async () => {
    await start();
    const wire = (await client()).send(`GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    const target = await origin.next();
    target.send('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nabc');
    await wire.until('abc');
    wire.reset();
    await target.rest();
    expect(target.error).toMatchObject({ code: 'ECONNRESET' });
    await settled();
  });

  it('by the end of the client within its body is an error for both', async () => {
    await start();
    const wire = (await client()).send(
      `POST http://${origin.host}/ HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nabc`,
    );
    const target = await origin.next();
    await target.until('abc');
    wire.end();
    expect(await wire.rest()).toContain('HTTP/1.1 400 ');
    await target.rest();
    expect(target.error).toMatchObject({ code: 'ECONNRESET' });
    await settled();
  });
});

describe('time limits', () => {
  const short = (policy: Partial<LevelPolicy>): InboundHostOptions => ({ policy });

  it('end a connection whose first head does not come', async () => {
    await start({}, short({ handshake: 100 }));
    const wire = (await client()).send('GET http://a/ HT');
    expect(await wire.rest()).toBe('');
    expect(await host.nextEnd()).toMatchObject({ error: { code: 'E_CONN_CLOSED' } });
    await settled();
  });

  it.each([
    ['whose next head does not come', '', { timeout: 1 }, {}],
    ['whose next head does not come, by the policy', '', { timeout: 0 }, { connIdle: 200 }],
    ['whose next head is not completed', 'GET http://a/ HT', {}, { handshake: 200 }],
  ])('end a connection %s', async (_what, begun, settings, policy) => {
    await start(settings, short(policy));
    const wire = (await client()).send(`GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    (await origin.next()).send(hello).end();
    expect(await wire.message()).toBe(hello);
    wire.send(begun);
    expect(await wire.rest()).toBe('');
    await settled();
  });

  it('answer 504 for an origin that says nothing', async () => {
    await start({}, short({ connIdle: 200 }));
    const wire = (await client()).send(`GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(await wire.message()).toBe('HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n');
    expect(await host.nextEnd()).toMatchObject({ result: { end: 'idle' } });
  });
});

describe('credentials', () => {
  const accounts = [
    { user: 'ann', pass: 'old' },
    { user: 'bob', pass: 'a:b' },
    { user: 'ann', pass: 'gr\u00fcn' },
  ];
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

  it('are asked for, on a connection that stays usable', async () => {
    await start({ accounts, userLevel: 2 });
    const wire = await client();
    const challenge =
      'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy", charset="UTF-8"\r\nContent-Length: 0\r\n\r\n';
    wire.send(`CONNECT ${origin.host} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(await wire.message()).toBe(challenge);
    for (const value of [
      basic('ann:wrong'),
      basic('ann:old'),
      basic('ann'),
      basic(''),
      basic('eve:a:b'),
      'Bearer x',
      'Basic',
      `${basic('bob:a:b')}!`,
    ]) {
      wire.send(
        `POST http://${origin.host}/ HTTP/1.1\r\nHost: a\r\nProxy-Authorization: ${value}\r\nContent-Length: 4\r\n\r\nGET `,
      );
      expect(await wire.message()).toBe(challenge);
    }
    wire.send(`GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\nProxy-Authorization: ${basic('bob:a:b')}\r\n\r\n`);
    const target = await origin.next();
    expect(await target.until('\r\n\r\n')).not.toMatch(/authorization/i);
    target.send(hello).end();
    expect(await wire.message()).toBe(hello);
    expect((await host.nextEnd()).session.user).toEqual({ level: 2, email: 'bob' });
    wire.send(
      `CONNECT ${origin.host} HTTP/1.1\r\nHost: a\r\nProxy-Authorization: bASIC ${Buffer.from('ann:gr\u00fcn').toString('base64')}\r\n\r\n`,
    );
    expect(await wire.message()).toContain('200 Connection established');
    (await origin.next()).end();
    wire.end();
    expect((await host.nextEnd()).session.user).toEqual({ level: 2, email: 'ann' });
    expect(origin.accepted).toBe(2);
    await settled();
  });

  it('are asked for with every request', async () => {
    await start({ accounts });
    const wire = (await client()).send(
      `GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\nProxy-Authorization: ${basic('bob:a:b')}\r\n\r\n`,
    );
    (await origin.next()).send(hello).end();
    await wire.message();
    wire.send(`GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(await wire.message()).toContain(' 407 ');
  });

  it('that are missing end the connection of a client that waits with its body, or has much of it', async () => {
    await start({ accounts });
    for (const fields of ['Expect: 100-continue\r\nContent-Length: 4\r\n', 'Content-Length: 100000\r\n']) {
      const wire = (await client()).send(`POST http://${origin.host}/ HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
      expect(await wire.rest()).toMatch(/^HTTP\/1.1 407 [^]*\r\nConnection: close\r\n\r\n$/);
      wire.end();
      expect(await host.nextEnd()).toMatchObject({ error: { code: 'E_AUTH' } });
    }
    await settled();
  });

  it('appear in no log and no error', async () => {
    await start({ accounts });
    const wire = (await client()).send(
      `GET http://${origin.host}/ HTTP/1.1\r\nHost: a\r\nProxy-Authorization: ${basic('bob:geheim')}\r\n\r\n`,
    );
    await wire.message();
    wire.end();
    const { error } = await host.nextEnd();
    expect(error?.code).toBe('E_AUTH');
    const said = [error?.message, JSON.stringify(error?.details), ...host.logger.lines].join('\n');
    for (const secret of ['geheim', basic('bob:geheim').slice(6), 'a:b', 'gr\u00fcn'])
      expect(said).not.toContain(secret);
  });
});
