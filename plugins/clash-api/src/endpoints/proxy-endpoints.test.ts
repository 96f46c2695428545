import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { balancer, outbound, startClashApi, type FakeInstance } from '../instance.fixture.js';

let instance: FakeInstance;
beforeEach(async () => {
  instance = await startClashApi({}, (control) => {
    control.outboundList = [
      outbound('direct', 'freedom'),
      outbound('a/b ü', 'socks', { via: 'direct' }),
      outbound('far', 'mtproto', { carriesPackets: false }),
      outbound('blocked', 'blackhole'),
    ];
    control.balancerList = [
      balancer('fast', 'leastPing', ['direct', 'far']),
      balancer('any', 'random', ['far', 'a/b ü']),
    ];
  });
});
afterEach(() => instance.close());

async function get(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(instance.url + path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function send(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
  const init = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(instance.url + path, { method, ...init });
  return { status: response.status, text: await response.text() };
}

async function site(): Promise<{ url: string; seen: string[]; close(): void }> {
  const seen: string[] = [];
  const server = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/generate_204?x=1`,
    seen,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

describe('GET /proxies', () => {
  test('has every outbound, two groups for a balancer, and GLOBAL', async () => {
    const { body } = await get('/proxies');
    const proxies = body.proxies as Record<string, Record<string, unknown>>;
    expect(Object.fromEntries(Object.entries(proxies).map(([name, { type }]) => [name, type]))).toEqual({
      GLOBAL: 'Fallback',
      direct: 'Direct',
      'a/b ü': 'Socks5',
      far: 'MTProto',
      blocked: 'Reject',
      fast: 'Selector',
      'fast (leastPing)': 'URLTest',
      any: 'Selector',
      'any (random)': 'LoadBalance',
    });
    for (const [name, proxy] of Object.entries(proxies)) expect(proxy.name).toBe(name);
    expect(proxies.GLOBAL).toMatchObject({ now: 'direct', all: ['fast', 'any', 'direct', 'a/b ü', 'far', 'blocked'] });
    expect(proxies.any).toMatchObject({ all: ['any (random)', 'far', 'a/b ü'], now: 'any (random)', hidden: false });
    expect(proxies['any (random)']).toMatchObject({ all: ['far', 'a/b ü'], now: '', hidden: true });
    expect(proxies.far).toMatchObject({ udp: false, history: [], alive: true });
    expect(proxies['a/b ü']).toMatchObject({ udp: true, 'dialer-proxy': 'direct' });
  });

  test('tells what probes have found', async () => {
    instance.health.found('direct', 120.4, Date.parse('2026-01-01T00:00:00Z'));
    instance.health.found('far', 35, Date.parse('2026-01-01T00:00:01Z'));
    instance.health.found('blocked', undefined, Date.parse('2026-01-01T00:00:02Z'));
    expect((await get('/proxies/direct')).body).toMatchObject({
      alive: true,
      history: [{ time: '2026-01-01T00:00:00.000Z', delay: 120 }],
    });
    expect((await get('/proxies/blocked')).body).toMatchObject({ alive: false, history: [{ delay: 0 }] });
    expect((await get('/proxies/fast (leastPing)')).body).toMatchObject({ now: 'far' });
    instance.health.found('far', undefined, Date.now());
    expect((await get('/proxies/fast (leastPing)')).body).toMatchObject({ now: 'direct' });
  });

  test('keeps names apart that outbounds and balancers share', async () => {
    const { control } = instance;
    control.outboundList = [outbound('GLOBAL', 'freedom'), outbound('same', 'socks')];
    control.balancerList = [balancer('same', 'random', ['GLOBAL', 'same'])];
    const proxies = (await get('/proxies')).body.proxies as Record<string, Record<string, unknown>>;
    expect(Object.keys(proxies)).toEqual(['GLOBAL', 'outbound:GLOBAL', 'same', 'balancer:same', 'same (random)']);
    expect(proxies['balancer:same']).toMatchObject({ all: ['same (random)', 'outbound:GLOBAL', 'same'] });
    expect((await send('PUT', '/proxies/balancer:same', { name: 'outbound:GLOBAL' })).status).toBe(204);
    expect(control.balancerList[0]?.override).toBe('GLOBAL');
  });

  test('finds one by a name that has to be encoded', async () => {
    expect((await get(`/proxies/${encodeURIComponent('a/b ü')}`)).body).toMatchObject({ name: 'a/b ü' });
    expect(await get('/proxies/none')).toEqual({ status: 404, body: { message: 'Resource not found' } });
    expect((await get('/proxies/%zz')).status).toBe(400);
  });
});

describe('choosing', () => {
  test('pins a balancer, and sets it free by its own first member', async () => {
    expect(await send('PUT', '/proxies/any', { name: 'a/b ü' })).toEqual({ status: 204, text: '' });
    expect(instance.control.balancerList[1]?.override).toBe('a/b ü');
    expect((await get('/proxies/any')).body).toMatchObject({ now: 'a/b ü' });
    expect((await send('PUT', '/proxies/any', { name: 'any (random)' })).status).toBe(204);
    expect(instance.control.balancerList[1]?.override).toBeUndefined();
  });

  test.each(['any', 'any (random)'])('DELETE of %s sets it free as well', async (name) => {
    await send('PUT', '/proxies/any', { name: 'far' });
    expect((await send('DELETE', `/proxies/${name}`)).status).toBe(204);
    expect(instance.control.balancerList[1]?.override).toBeUndefined();
  });

  test('refuses what is no choice', async () => {
    for (const name of ['direct', 'GLOBAL', 'any (random)']) {
      expect(await send('PUT', `/proxies/${name}`, { name: 'far' })).toEqual({
        status: 400,
        text: '{"message":"Must be a Selector"}',
      });
    }
    for (const member of ['direct', 'fast', 'none', 'fast (leastPing)']) {
      expect((await send('PUT', '/proxies/any', { name: member })).text).toMatch(/Selector update error/);
    }
    for (const body of ['', '{', '[]', 'null', '{"name":1}', '"far"']) {
      expect([body, (await send('PUT', '/proxies/any', body)).status]).toEqual([body, 400]);
    }
    expect((await send('PUT', '/proxies/none', { name: 'far' })).status).toBe(404);
    expect((await send('DELETE', '/proxies/direct')).status).toBe(400);
    expect(instance.control.balancerList.map(({ override }) => override)).toEqual([undefined, undefined]);
  });

  test('takes no body without end', async () => {
    const { status } = await send('PUT', '/proxies/any', { name: 'x'.repeat(300_000) });
    expect(status).toBe(413);
  });
});

describe('/group', () => {
  test('lists groups alone', async () => {
    const { body } = await get('/group');
    expect((body.proxies as { name: string }[]).map(({ name }) => name)).toEqual([
      'GLOBAL',
      'fast',
      'fast (leastPing)',
      'any',
      'any (random)',
    ]);
    expect((await get('/group/any')).body).toMatchObject({ name: 'any', type: 'Selector' });
    expect((await get('/group/direct')).status).toBe(404);
  });

  test('is tested as a whole: who did not answer is left out', async () => {
    const web = await site();
    instance.control.balancerList[1]!.members = ['direct', 'blocked', 'a/b ü'];
    const { status, body } = await get(`/group/any/delay?timeout=3000&url=${encodeURIComponent(web.url)}`);
    web.close();
    expect(status).toBe(200);
    expect(body).toEqual({ direct: expect.any(Number) as number, 'a/b ü': expect.any(Number) as number });
    expect(web.seen).toEqual(['HEAD /generate_204?x=1', 'HEAD /generate_204?x=1']);
    const proxies = (await get('/proxies')).body.proxies as Record<string, { history: { delay: number }[] }>;
    expect(proxies.blocked?.history.at(-1)?.delay).toBe(0);
    expect(proxies.direct?.history.at(-1)?.delay).toBeGreaterThan(0);
  });

  test('answers 504 if nobody did', async () => {
    instance.control.balancerList[1]!.members = ['blocked'];
    expect((await get('/group/any/delay?timeout=1000')).status).toBe(504);
  });
});

describe('GET /proxies/:name/delay', () => {
  test('asks through that very outbound, and keeps the result', async () => {
    const web = await site();
    const { status, body } = await get(`/proxies/far/delay?timeout=3000&url=${encodeURIComponent(web.url)}`);
    web.close();
    expect(status).toBe(200);
    expect(body).toEqual({ delay: expect.any(Number) as number });
    expect(body.delay).toBeGreaterThanOrEqual(1);
    expect(instance.dispatcher.asked).toMatchObject([{ as: { outboundTag: 'far' }, to: { host: '127.0.0.1' } }]);
    expect((await get('/proxies/far')).body).toMatchObject({
      alive: true,
      history: [{ delay: body.delay }],
      extra: { [web.url]: { alive: true, history: [{ delay: body.delay }] } },
    });
    await expect.poll(() => instance.dispatcher.plane.state().conns).toBe(0);
  });

  test('of a group tests what the group takes', async () => {
    const web = await site();
    await get(`/proxies/any/delay?url=${encodeURIComponent(web.url)}`);
    await send('PUT', '/proxies/any', { name: 'a/b ü' });
    await get(`/proxies/any/delay?url=${encodeURIComponent(web.url)}`);
    await get(`/proxies/GLOBAL/delay?url=${encodeURIComponent(web.url)}`);
    web.close();
    expect(instance.dispatcher.asked.map(({ as }) => as.outboundTag)).toEqual(['far', 'a/b ü', 'direct']);
  });

  test('tells a failure from a timeout', async () => {
    expect((await get('/proxies/blocked/delay?timeout=3000')).status).toBe(503);
    instance.control.outboundList.push(outbound('slow', 'socks'));
    expect((await get('/proxies/slow/delay?timeout=30')).status).toBe(504);
    expect(instance.dispatcher.sessions.at(-1)?.signal.aborted).toBe(true);
    expect((await get('/proxies/slow')).body).toMatchObject({ alive: false, history: [{ delay: 0 }] });
  });

  test('ends when the service closes', async () => {
    instance.control.outboundList.push(outbound('slow', 'socks'));
    const test = get('/proxies/slow/delay?timeout=20000');
    await expect.poll(() => instance.dispatcher.asked.length).toBe(1);
    const closing = instance.close();
    expect((await test).status).toBe(503);
    await closing;
    expect(instance.dispatcher.sessions.at(-1)?.signal.aborted).toBe(true);
  });

  test.each(['url=ftp%3A%2F%2Fx', 'url=%2Fx', 'url=http%3A%2F%2F', 'timeout=x', 'timeout=-1', 'timeout=1e9'])(
    'refuses ?%s',
    async (query) => {
      expect((await get(`/proxies/direct/delay?${query}`)).status).toBe(400);
      expect(instance.dispatcher.asked).toEqual([]);
    },
  );
});
