import { Buffer } from 'node:buffer';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { hostInbound, type InboundHost } from '@sluice/testing';
import { httpInbound } from './index.js';

const MIB = 1024 * 1024;
const closing: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startInbound(): Promise<InboundHost> {
  const host = await hostInbound(httpInbound, {});
  closing.push(() => host.close());
  return host;
}

/** Node's own HTTP server as the origin. */
async function startServer(answer: http.RequestListener): Promise<http.Server> {
  const server = http.createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return server;
}

function request(host: InboundHost, server: http.Server, options: http.RequestOptions): http.ClientRequest {
  const { port } = server.address() as AddressInfo;
  return http.request({
    host: '127.0.0.1',
    port: host.port,
    path: `http://127.0.0.1:${port}/`,
    agent: false,
    ...options,
  });
}

async function hashOf(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Writes all with an eye on back-pressure; `accepted` is what the writer believes to be on its way. */
function pour(into: Writable, total: number): { accepted: () => number; hash: string; done: Promise<void> } {
  const piece = randomBytes(MIB);
  const hash = createHash('sha256');
  for (let i = 0; i < total / MIB; i += 1) hash.update(piece);
  let accepted = 0;
  const done = (async () => {
    for (let i = 0; i < total / MIB; i += 1) {
      if (!into.write(piece, () => (accepted += piece.length))) await once(into, 'drain');
    }
    into.end();
  })();
  return { accepted: () => accepted, hash: hash.digest('hex'), done };
}

/** Waits until the figure stays the same for many turns of the loop. */
async function stalled(figure: () => number): Promise<number> {
  let last = -1;
  for (let same = 0; same < 200;) {
    await new Promise((resolve) => setImmediate(resolve));
    same = figure() === last && last > 0 ? same + 1 : 0;
    last = figure();
  }
  return last;
}

async function settled(host: InboundHost): Promise<void> {
  while (host.plane.conns > 0 || host.plane.timers.size > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(host.plane.state().buffers.borrowed).toBe(0);
}

describe('a large body', () => {
  it.each([
    ['of known length', { 'content-length': String(96 * MIB) }],
    ['in chunks', {}],
  ])('%s to a slow client does not pile up here', async (_how, headers) => {
    const poured: ReturnType<typeof pour>[] = [];
    const server = await startServer((_request, response) => {
      response.writeHead(200, headers);
      poured.push(pour(response, 96 * MIB));
    });
    const host = await startInbound();
    const asked = request(host, server, {}).end();
    const [response] = (await once(asked, 'response')) as [http.IncomingMessage];
    response.pause();
    const [body] = poured as [ReturnType<typeof pour>];
    expect(await stalled(body.accepted)).toBeLessThan(40 * MIB);
    expect(await hashOf(response)).toBe(body.hash);
    await settled(host);
  });

  it.each([
    ['of known length', { 'content-length': String(96 * MIB) }],
    ['in chunks', {}],
  ])('%s to a slow origin does not pile up here', async (_how, headers) => {
    const taken: http.IncomingMessage[] = [];
    const server = await startServer((incoming, response) => {
      incoming.pause();
      taken.push(incoming);
      void hashLater.then(async () => response.end(await hashOf(incoming)));
    });
    let go: () => void = () => undefined;
    const hashLater = new Promise<void>((resolve) => (go = resolve));
    const host = await startInbound();
    const asked = request(host, server, { method: 'POST', headers });
    const body = pour(asked, 96 * MIB);
    expect(await stalled(body.accepted)).toBeLessThan(40 * MIB);
    go();
    const [response] = (await once(asked, 'response')) as [http.IncomingMessage];
    let told = '';
    for await (const chunk of response) told += String(chunk);
    expect(told).toBe(body.hash);
    await settled(host);
  });

  it('arrives whole at a client that reads its last bytes late, though the connection closes', async () => {
    const payload = randomBytes(8 * MIB);
    const server = await startServer((_request, response) => response.end(payload));
    const host = await startInbound();
    const { port } = server.address() as AddressInfo;
    const socket = net.connect({ host: '127.0.0.1', port: host.port, allowHalfOpen: true });
    closing.push(() => void socket.destroy());
    socket.pause();
    socket.write(`GET http://127.0.0.1:${port}/ HTTP/1.0\r\n\r\n`);
    // The origin is done with it; the client has not read a byte.
    await stalled(() => host.plane.state().conns);
    const received: Buffer[] = [];
    for await (const chunk of socket) received.push(chunk as Buffer);
    expect(Buffer.concat(received).subarray(-payload.length).equals(payload)).toBe(true);
    socket.end();
    await settled(host);
  });
});

describe('pipelined requests', () => {
  it('are answered in order, however they are cut', async () => {
    const server = await startServer((incoming, response) => {
      void hashOf(incoming).then((hash) => response.end(`${incoming.url ?? ''} ${hash}\n`));
    });
    const { port } = server.address() as AddressInfo;
    const host = await startInbound();
    const bodies = Array.from({ length: 30 }, (_, i) => randomBytes(i * 131));
    const wire = Buffer.concat(
      bodies.flatMap((body, i) => [
        Buffer.from(`POST http://127.0.0.1:${port}/${i} HTTP/1.1\r\nHost: x\r\n`),
        ...(i % 2 === 0
          ? [Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]
          : [
              Buffer.from(`Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`),
              body,
              Buffer.from('\r\n0\r\n\r\n'),
            ]),
      ]),
    );
    const socket = net.connect({ host: '127.0.0.1', port: host.port, allowHalfOpen: true });
    closing.push(() => void socket.destroy());
    for (let at = 0; at < wire.length;) {
      const size = 1 + ((at * 7919) % 3001);
      socket.write(wire.subarray(at, at + size));
      at += size;
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.end();
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    const expected = bodies.map((body, i) => `/${i} ${createHash('sha256').update(body).digest('hex')}`);
    expect(text.split(/\r?\n/).filter((line) => line.startsWith('/'))).toEqual(expected);
    await settled(host);
  });
});
