import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { destination, LinkDuplex } from '@sluice/plugin-api';
import { StubSession } from '@sluice/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { checkMetrics } from './check.js';
import { startMetrics, type FakeInstance } from './instance.fixture.js';
import type { MetricsSettings } from './schema.js';

let instance: FakeInstance | undefined;
afterEach(async () => {
  await instance?.service.close();
  instance = undefined;
});

async function start(settings: MetricsSettings): Promise<FakeInstance> {
  return (instance = await startMetrics(settings));
}

function statusFor(url: string, headers: http.OutgoingHttpHeaders, method = 'GET'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { headers, method, agent: false });
    request.on('error', reject).on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.end();
  });
}

test('answers at its path alone, in the text format', async () => {
  const { url } = await start({ listen: '127.0.0.1:0', path: '/numbers' });
  expect(url).toMatch(/\/numbers$/);
  const response = await fetch(`${url}?x=1`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await response.text()).toMatch(/^# HELP sluice_connections_ended_total .*\n# TYPE .* counter\n/);
  for (const path of ['/metrics', '/', '/numbers/']) {
    expect((await fetch(new URL(path, url))).status).toBe(404);
  }
  expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
  expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(405);
});

test('waits for no body', async () => {
  const { url } = await start({ listen: '127.0.0.1:0' });
  for (const length of ['Content-Length: 1000000000', 'Transfer-Encoding: chunked']) {
    const socket = net.connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
    socket.write(`POST /metrics HTTP/1.1\r\nHost: localhost\r\n${length}\r\n\r\n`);
    const said: Buffer[] = [];
    for await (const chunk of socket) said.push(chunk as Buffer);
    expect(Buffer.concat(said).toString()).toMatch(/^HTTP\/1\.1 405 .*\r\nConnection: close\r\n/s);
  }
});

test('asks for its secret', async () => {
  const { url, logger } = await start({ listen: '127.0.0.1:0', secret: 'open sesame' });
  expect(await statusFor(url, {})).toBe(401);
  expect(await statusFor(url, { authorization: 'Bearer open sesam' })).toBe(401);
  expect(await statusFor(url, { authorization: 'Basic open sesame' })).toBe(401);
  expect(await statusFor(url, { authorization: 'Bearer open sesame' })).toBe(200);
  expect(logger.lines.join()).not.toContain('sesame');
});

test('is not reached by a name that was made to lead here', async () => {
  const { url } = await start({ listen: '127.0.0.1:0' });
  expect(await statusFor(url, { host: 'evil.example' })).toBe(403);
  expect(await statusFor(url, { host: 'localhost:9100' })).toBe(200);
  expect(await statusFor(url, { host: '[::1]:9100' })).toBe(200);
});

test('many who ask at once are told the same', async () => {
  const { url } = await start({ listen: '127.0.0.1:0' });
  const texts = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(url)).text()));
  for (const text of texts) expect(text).toContain('sluice_traffic_bytes_total{direction="uplink"} 0');
});

test('a port that is taken is an error of its own, and closing gives it free', async () => {
  const first = await start({ listen: '127.0.0.1:0' });
  const listen = new URL(first.url).host;
  await expect(startMetrics({ listen })).rejects.toMatchObject({ code: 'E_LISTEN_IN_USE' });
  const idle = net.connect({ port: Number(new URL(first.url).port), host: '127.0.0.1' });
  await once(idle, 'connect');
  idle.on('error', () => undefined).resume();
  idle.write('GET /metr');
  await first.service.close();
  await first.service.close();
  const second = await startMetrics({ listen });
  await second.service.close();
});

describe('by routing', () => {
  test('is reached without a port, under any name', async () => {
    const { service, plane, control } = await start({ tag: 'numbers', secret: 's' });
    expect(service.announce()).toEqual([]);
    control.dialled('far', 5);
    const link = await service.outbounds['numbers']!.connect(new StubSession(), destination('tcp', 'x.example', 80));
    const stream = new LinkDuplex(link);
    const request = http.request({
      path: '/metrics',
      headers: { host: 'x.example', authorization: 'Bearer s', connection: 'close' },
      createConnection: () => stream,
    });
    request.end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
    expect(response.statusCode).toBe(200);
    expect(text).toContain('sluice_dial_duration_seconds_count{outbound="far"} 1');
    await expect.poll(() => plane.state().conns).toBe(0);
  });

  test('ends with the service', async () => {
    const { service, plane } = await start({ tag: 'numbers' });
    const to = destination('tcp', 'x.example', 80);
    const link = await service.outbounds['numbers']!.connect(new StubSession(), to);
    const stream = new LinkDuplex(link);
    stream.on('error', () => undefined).resume();
    const over = once(stream, 'close');
    await service.close();
    await over;
    await expect(service.outbounds['numbers']!.connect(new StubSession(), to)).rejects.toMatchObject({
      code: 'E_CLOSING',
    });
    expect(plane.state().conns).toBe(0);
  });

  test('has an end to the number of connections', async () => {
    const { service, plane } = await start({ tag: 'numbers' });
    const to = destination('tcp', 'x.example', 80);
    const links = [];
    for (let i = 0; i < 64; i += 1) links.push(await service.outbounds['numbers']!.connect(new StubSession(), to));
    const refused = new LinkDuplex(await service.outbounds['numbers']!.connect(new StubSession(), to));
    refused.on('error', () => undefined).resume();
    await once(refused, 'close');
    for (const link of links) link.destroy();
    await expect.poll(() => plane.state().conns).toBe(0);
  });
});

describe('the configuration', () => {
  function problems(settings: MetricsSettings): string[] {
    const found: string[] = [];
    checkMetrics(settings, {
      error: (path, message) => found.push(`error ${path.join('.')}: ${message}`),
      warning: (path, message) => found.push(`warning ${path.join('.')}: ${message}`),
    });
    return found;
  }

  test.each(['127.0.0.1:9100', '[::1]:9100', 'localhost:9100', '127.1.2.3:0'])('%s needs no secret', (listen) => {
    expect(problems({ listen })).toEqual([]);
  });

  test.each([':9100', '0.0.0.0:9100', '[::]:9100', '192.0.2.1:9100'])('%s needs one', (listen) => {
    expect(problems({ listen })).toEqual([expect.stringMatching(/^error listen: .*`secret`/)]);
    expect(problems({ listen, secret: '' })).toHaveLength(1);
    expect(problems({ listen, secret: 's' })).toEqual([]);
  });

  test.each(['9100', ':', ':x', ':70000', 'example.org:9100', '/run/x.sock', '::1:9100'])('%s is refused', (listen) => {
    expect(problems({ listen })).toEqual([expect.stringMatching(/^error listen: /)]);
  });

  test('leads somewhere', () => {
    expect(problems({})).toEqual([expect.stringMatching(/^error /)]);
    expect(problems({ tag: 'numbers' })).toEqual([]);
  });
});
