import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net from 'node:net';
import { MemoryLogger } from '@sluice/testing';
import { afterEach, expect, test } from 'vitest';
import { Access } from './access/access.js';
import { Routes } from './http/routes.js';
import { ApiServer } from './server.js';
import type { Feed } from './streams/streams.js';

let server: ApiServer;
afterEach(() => server.close());

async function start(routes: Routes, feed: Feed, stalledMs: number): Promise<{ port: number; logger: MemoryLogger }> {
  const logger = new MemoryLogger();
  server = new ApiServer({
    access: new Access({ secret: undefined, allowOrigins: undefined, isLoopback: true }),
    routes,
    feeds: new Map([['/feed', { feed }]]),
    oneShot: new Set(),
    files: undefined,
    logger,
    closing: new AbortController(),
    stalledMs,
  });
  return { port: await server.listen({ host: '127.0.0.1', port: 0, isLoopback: true }), logger };
}

async function ask(port: number, path: string): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return socket;
}

test('an answer that nobody reads is given up', async () => {
  let isClosed = false;
  const routes = new Routes().add('GET', '/big', ({ response }) => {
    response.once('close', () => (isClosed = true));
    response.end(Buffer.alloc(64 * 1024 * 1024));
  });
  const { port } = await start(routes, () => () => undefined, 50);
  const socket = await ask(port, '/big');
  socket.pause();
  await expect.poll(() => isClosed).toBe(true);
  socket.destroy();
});

test('an endpoint that does not answer is given up, and a stream that is quiet is not', async () => {
  const routes = new Routes().add('GET', '/never', () => new Promise(() => undefined));
  let write: (() => void) | undefined;
  const feed: Feed = (client) => {
    write = () => client.push('"still here"');
    return () => undefined;
  };
  const { port } = await start(routes, feed, 50);
  const stream = await ask(port, '/feed');
  let heard = '';
  stream.on('data', (chunk) => (heard += String(chunk)));
  await expect.poll(() => heard).toContain('200 OK');
  // One after the other: the stream has been quiet for longer than each of them.
  for (let i = 0; i < 3; i += 1) await once((await ask(port, '/never')).resume(), 'close');
  write?.();
  await expect.poll(() => heard).toContain('"still here"');
  stream.destroy();
});

test('a fault of an endpoint is not told to the one who asked', async () => {
  const routes = new Routes().add('GET', '/broken', () => {
    throw new TypeError('some inner matter');
  });
  const { port, logger } = await start(routes, () => () => undefined, 5000);
  const response = await fetch(`http://127.0.0.1:${port}/broken`);
  expect([response.status, await response.json()]).toEqual([500, { message: 'Internal error' }]);
  expect(logger.lines.join()).toContain('warn a request failed');
});
