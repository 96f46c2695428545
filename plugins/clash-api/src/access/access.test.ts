import http from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startClashApi, type FakeInstance } from '../instance.fixture.js';
import type { ClashApiSettings } from '../schema.js';

let instance: FakeInstance;
afterEach(() => instance.close());

/** fetch cannot set Host or Origin. */
function ask(
  path: string,
  headers: http.OutgoingHttpHeaders = {},
  method = 'GET',
): Promise<{ status: number | undefined; headers: http.IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request({ port: instance.port, host: '127.0.0.1', path, method, headers, agent: false });
    request.on('error', reject).on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    request.end();
  });
}

/** The status of a WebSocket's handshake. */
function openSocket(path: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${instance.port}${path}`, { headers });
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', reject);
  });
}

async function start(settings: Partial<ClashApiSettings> = {}): Promise<void> {
  instance = await startClashApi(settings);
}

describe('a secret', () => {
  test('is asked for everywhere but at the dashboard', async () => {
    await start({ secret: 'open sesame' });
    for (const path of ['/', '/version', '/proxies', '/connections', '/logs', '/nowhere']) {
      const { status, headers, body } = await ask(path);
      expect([path, status, body]).toEqual([path, 401, '{"message":"Unauthorized"}']);
      expect(headers['www-authenticate']).toBe('Bearer');
    }
    expect(await openSocket('/traffic')).toBe(401);
  });

  test('is taken as a Bearer, whole and alone', async () => {
    await start({ secret: 'open sesame' });
    expect((await ask('/version', { authorization: 'Bearer open sesame' })).status).toBe(200);
    expect((await ask('/version', { authorization: 'bearer open sesame' })).status).toBe(200);
    for (const authorization of [
      'Bearer open sesam',
      'Bearer open sesame!',
      'Bearer ',
      'Basic open sesame',
      'open sesame',
    ]) {
      expect((await ask('/version', { authorization })).status).toBe(401);
    }
  });

  test('is taken from the query by WebSockets alone', async () => {
    await start({ secret: 'open&sesame' });
    const token = encodeURIComponent('open&sesame');
    expect((await ask(`/version?token=${token}`)).status).toBe(401);
    expect(await openSocket(`/traffic?token=${token}`)).toBe(101);
    expect(await openSocket('/traffic?token=open')).toBe(401);
    expect(await openSocket('/traffic?token=')).toBe(401);
    expect(await openSocket('/traffic', { Authorization: 'Bearer open&sesame' })).toBe(101);
    // A wrong header is not made good by the query.
    expect(await openSocket(`/traffic?token=${token}`, { Authorization: 'Bearer x' })).toBe(401);
  });

  test('that is empty is none', async () => {
    await start({ secret: '' });
    expect((await ask('/version')).status).toBe(200);
  });

  test('is in no log', async () => {
    await start({ secret: 'open sesame' });
    await ask('/version', { authorization: 'Bearer open sesame' });
    await openSocket('/traffic?token=open%20sesame');
    expect(instance.logger.lines.join()).not.toContain('sesame');
  });
});

describe('the Host', () => {
  test.each(['127.0.0.1', 'localhost:9090', 'LocalHost', 'sluice.localhost', '[::1]:80', '192.0.2.1:9090'])(
    '%s is taken',
    async (host) => {
      await start();
      expect((await ask('/version', { host })).status).toBe(200);
    },
  );

  test.each(['evil.example', 'evil.example:9090', '127.0.0.1.evil.example', 'localhost.evil.example', '[::1', 'a b'])(
    '"%s", which could be made to lead here, is refused',
    async (host) => {
      await start();
      expect((await ask('/version', { host })).status).toBe(403);
      expect(await openSocket('/traffic', { Host: host })).toBe(403);
    },
  );

  test('may be that of an origin that was allowed', async () => {
    await start({ 'allow-origins': ['https://board.example'] });
    expect((await ask('/version', { host: 'board.example' })).status).toBe(200);
  });
});

describe('pages of other origins', () => {
  const evil = { origin: 'https://evil.example' };
  const known = { origin: 'https://metacubex.github.io' };

  test('are refused, and not only by their browser', async () => {
    await start();
    const { status, headers } = await ask('/proxies/direct/delay', evil);
    expect(status).toBe(403);
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(instance.dispatcher.asked).toEqual([]);
    expect((await ask('/connections', evil, 'DELETE')).status).toBe(403);
    expect((await ask('/version', evil, 'OPTIONS')).status).toBe(403);
    expect((await ask('/version', { origin: 'null' })).status).toBe(403);
    // There is no CORS for WebSockets.
    expect(await openSocket('/traffic', { Origin: evil.origin })).toBe(403);
  });

  test('are let in where they are known dashboards and a secret is set', async () => {
    await start({ secret: 's' });
    const authorization = 'Bearer s';
    const { status, headers } = await ask('/version', { ...known, authorization });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'access-control-allow-origin': known.origin, vary: 'Origin' });
    // Also a refusal can be read.
    expect((await ask('/version', known)).headers['access-control-allow-origin']).toBe(known.origin);
    expect((await ask('/version', { ...evil, authorization })).status).toBe(403);
    await instance.close();
    await start();
    expect((await ask('/version', known)).status).toBe(403);
  });

  test('may ask a browser for leave first, without the secret', async () => {
    await start({ secret: 's' });
    const { status, headers } = await ask(
      '/configs',
      { ...known, 'access-control-request-method': 'PATCH', 'access-control-request-private-network': 'true' },
      'OPTIONS',
    );
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': known.origin,
      'access-control-allow-methods': expect.stringContaining('PATCH') as string,
      'access-control-allow-headers': expect.stringContaining('Authorization') as string,
      'access-control-allow-private-network': 'true',
    });
  });

  test('are those that are configured', async () => {
    await start({ secret: 's', 'allow-origins': ['https://evil.example/'] });
    const authorization = 'Bearer s';
    expect((await ask('/version', { ...evil, authorization })).status).toBe(200);
    expect((await ask('/version', { ...known, authorization })).status).toBe(403);
    await instance.close();
    await start({ secret: 's', 'allow-origins': ['*'] });
    expect((await ask('/version', { ...known, authorization })).status).toBe(200);
    expect(await openSocket('/traffic?token=s', { Origin: 'https://any.example' })).toBe(101);
  });

  test('are not those that it serves itself', async () => {
    await start();
    const own = { host: `localhost:${instance.port}`, origin: `http://localhost:${instance.port}` };
    expect((await ask('/version', own)).status).toBe(200);
    // Another program on this machine is another origin.
    expect((await ask('/version', { ...own, origin: 'http://localhost:1' })).status).toBe(403);
  });
});
