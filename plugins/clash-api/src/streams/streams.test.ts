import { once } from 'node:events';
import type http from 'node:http';
import net from 'node:net';
import { destination, type RouteEvent } from '@sluice/plugin-api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startClashApi, type FakeInstance } from '../instance.fixture.js';

let instance: FakeInstance;
const sockets: WebSocket[] = [];
beforeEach(async () => {
  instance = await startClashApi();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await instance.close();
});

interface Messages {
  readonly socket: WebSocket;
  next(): Promise<Record<string, unknown>>;
}

function open(path: string): Messages {
  const socket = new WebSocket(instance.url.replace('http', 'ws') + path);
  sockets.push(socket);
  const waiting: Record<string, unknown>[] = [];
  let wake: (() => void) | undefined;
  socket.on('message', (data) => {
    waiting.push(JSON.parse((data as Buffer).toString()) as Record<string, unknown>);
    wake?.();
  });
  return {
    socket,
    async next() {
      while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return waiting.shift()!;
    },
  };
}

/** The lines of a response that goes on. */
async function* lines(path: string): AsyncGenerator<Record<string, unknown>> {
  const response = await fetch(instance.url + path);
  expect(response.status).toBe(200);
  let rest = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield JSON.parse(part) as Record<string, unknown>;
  }
}

async function statusOf(path: string): Promise<number> {
  const response = await fetch(instance.url + path);
  await response.body?.cancel();
  return response.status;
}

/** A client that asks and never reads. */
async function deafClient(head: string): Promise<net.Socket> {
  const socket = net.connect({ port: instance.port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  socket.write(head);
  return socket;
}

const WEBSOCKET = [
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  '\r\n',
].join('\r\n');

describe('/traffic', () => {
  test('tells what has passed since the last time, to WebSockets', async () => {
    const { uplink, downlink } = instance.control;
    uplink.add(1000);
    const traffic = open('/traffic');
    expect(await traffic.next()).toEqual({ up: 0, down: 0, upTotal: 1000, downTotal: 0 });
    uplink.add(5_000_000);
    downlink.add(7);
    const second = await traffic.next();
    expect(second).toMatchObject({ upTotal: 5_001_000, downTotal: 7 });
    expect(second.up).toBeGreaterThan(0);
    expect(second.up).toBeLessThanOrEqual(5_000_000);
  });

  test('and to those who read lines', async () => {
    const traffic = lines('/traffic');
    expect((await traffic.next()).value).toEqual({ up: 0, down: 0, upTotal: 0, downTotal: 0 });
    instance.control.downlink.add(3);
    expect((await traffic.next()).value).toMatchObject({ downTotal: 3 });
    await traffic.return(undefined);
  });
});

test('/memory tells what the process holds', async () => {
  const memory = await open('/memory').next();
  expect(memory).toEqual({ inuse: expect.any(Number) as number, oslimit: 0 });
  expect(memory.inuse).toBeGreaterThan(1_000_000);
  const stream = lines('/memory');
  expect((await stream.next()).value).toHaveProperty('inuse');
  await stream.return(undefined);
});

describe('/connections', () => {
  test('comes as often as asked', async () => {
    instance.control.connect(1);
    const connections = open('/connections?interval=250');
    expect(await connections.next()).toMatchObject({ connections: [{ id: '1' }] });
    instance.control.connect(2);
    await vi.waitFor(async () => {
      expect(await connections.next()).toMatchObject({ connections: [{ id: '1' }, { id: '2' }] });
    });
  });

  test('is asked for with a number', async () => {
    const socket = new WebSocket(`${instance.url.replace('http', 'ws')}/connections?interval=x`);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, http.IncomingMessage];
    expect(response.statusCode).toBe(400);
    response.resume();
  });
});

describe('/logs', () => {
  const listening = (count: number) => expect.poll(() => instance.logs.listeners.size).toBe(count);

  test('come as asked for', async () => {
    const [info, error, structured] = [
      open('/logs'),
      open('/logs?level=error'),
      open('/logs?level=warn&format=structured'),
    ];
    await listening(3);
    instance.logs.write('debug', 'one');
    instance.logs.write('info', 'two');
    instance.logs.write('warning', 'three');
    instance.logs.write('error', 'four');
    expect(await info.next()).toEqual({ type: 'info', payload: 'two' });
    expect(await info.next()).toEqual({ type: 'warning', payload: 'three' });
    expect(await error.next()).toEqual({ type: 'error', payload: 'four' });
    expect(await structured.next()).toEqual({
      time: expect.stringMatching(/^\d\d:\d\d:\d\d$/) as string,
      level: 'warning',
      message: 'three',
      fields: [],
    });
  });

  test('have a line for each connection, as Clash has it', async () => {
    const { control } = instance;
    control.ruleList = [
      { type: 'field', outboundTag: undefined, balancerTag: 'any', fields: { domain: ['example.org'] } },
    ];
    const [logs, errors] = [open('/logs'), open('/logs?level=warning')];
    await listening(2);
    const question = { inboundTag: 'in', network: 'tcp', target: destination('tcp', 'example.org', 443) } as const;
    const source = { address: '2001:db8::1', port: 5 };
    const routed = (event: RouteEvent): void => control.routeListeners.forEach((listener) => listener(event));
    routed({ question, outboundTag: 'direct', balancerTag: undefined, ruleIndex: undefined });
    const asked = { ...question, network: 'udp', source, user: { email: 'me@x', level: 0 } } as const;
    routed({ question: asked, outboundTag: 'a', balancerTag: 'any', ruleIndex: 0 });
    expect(await logs.next()).toEqual({
      type: 'info',
      payload: '[TCP] in --> example.org:443 match Match using direct',
    });
    expect(await logs.next()).toEqual({
      type: 'info',
      payload: '[UDP] [2001:db8::1]:5(me@x) --> example.org:443 match Domain(example.org) using any[a]',
    });
    instance.logs.write('error', 'only this');
    expect(await errors.next()).toMatchObject({ payload: 'only this' });
    logs.socket.terminate();
    await listening(1);
    expect(control.routeListeners.size).toBe(0);
  });

  test('come as lines', async () => {
    const logs = lines('/logs?level=debug');
    const first = logs.next();
    await listening(1);
    instance.logs.write('debug', 'a "quoted"\nline');
    expect((await first).value).toEqual({ type: 'debug', payload: 'a "quoted"\nline' });
    await logs.return(undefined);
    await listening(0);
  });

  test('are silent where that is asked for, and refuse other words', async () => {
    open('/logs?level=silent');
    expect(await statusOf('/logs?level=loud')).toBe(400);
    expect(await statusOf('/logs?level=constructor')).toBe(400);
    expect(instance.logs.listeners.size).toBe(0);
  });

  test('are not collected for whoever has gone', async () => {
    const { socket } = open('/logs');
    await listening(1);
    socket.terminate();
    await listening(0);
  });
});

describe('who does not read', () => {
  test.each([
    ['a WebSocket', `GET /logs HTTP/1.1\r\n${WEBSOCKET}`],
    ['lines', 'GET /logs HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ])('%s is cut off', async (_kind, head) => {
    const socket = await deafClient(head);
    await expect.poll(() => instance.logs.listeners.size).toBe(1);
    const text = 'x'.repeat(100_000);
    let written = 0;
    await vi.waitFor(() => {
      for (let i = 0; i < 20 && instance.logs.listeners.size > 0; i += 1) {
        instance.logs.write('info', text);
        written += text.length;
      }
      expect(instance.logs.listeners.size).toBe(0);
    });
    // What the system's own buffers take, and a megabyte.
    expect(written).toBeLessThan(50_000_000);
    socket.destroy();
  });

  test('a WebSocket of snapshots is cut off as well', async () => {
    for (let id = 0; id < 5000; id += 1) instance.control.connect(id);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const socket = await deafClient(`GET /connections HTTP/1.1\r\n${WEBSOCKET}`);
      const asked = vi.spyOn(instance.control, 'traffic');
      await expect.poll(() => asked.mock.calls.length).toBe(1);
      for (let seconds = 0; seconds < 100; seconds += 1) {
        vi.advanceTimersByTime(1000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      socket.resume();
      await once(socket, 'close');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('what clients say', () => {
  test('on a WebSocket is not listened to, and may not be long', async () => {
    const { socket, next } = open('/memory');
    await next();
    socket.send('hello');
    await next();
    socket.send('x'.repeat(2000));
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1009);
  });

  test('that is no WebSocket leads nowhere else', async () => {
    const socket = net.connect({ port: instance.port, host: '127.0.0.1' });
    socket.end(`GET /version HTTP/1.1\r\n${WEBSOCKET}`);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
  });

  test('with heads without end is cut off', async () => {
    const socket = net.connect({ port: instance.port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`);
    let answer = '';
    socket.on('data', (chunk) => (answer += String(chunk)));
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });
});

test('there is an end to the number of streams', async () => {
  const clients = Array.from({ length: 128 }, () => open('/logs'));
  await Promise.all(clients.map(({ socket }) => once(socket, 'open')));
  expect(await statusOf('/logs')).toBe(503);
  clients[0]!.socket.terminate();
  await expect.poll(() => instance.logs.listeners.size).toBe(127);
  const { socket } = open('/logs');
  await once(socket, 'open');
});

test('closing ends all of them, and a request that waits', async () => {
  const { socket } = open('/logs');
  const over = once(socket, 'close');
  const traffic = lines('/traffic');
  await traffic.next();
  const deaf = await deafClient('GET /logs HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const idle = await deafClient('GET /ver');
  await expect.poll(() => instance.logs.listeners.size).toBe(2);
  await instance.close();
  await instance.close();
  expect((await over)[0]).toBe(1001);
  expect(instance.logs.listeners.size).toBe(0);
  await expect(fetch(`${instance.url}/version`)).rejects.toThrow();
  deaf.destroy();
  idle.destroy();
});

test('a port that is taken is an error of its own', async () => {
  await expect(startClashApi({ 'external-controller': `127.0.0.1:${instance.port}` })).rejects.toMatchObject({
    code: 'E_LISTEN_IN_USE',
  });
});
