import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Http2Sessions } from './http2-sessions.js';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

const QUIET_MS = 50;

/** A server whose calls never end. */
async function start(): Promise<{ readonly port: number; readonly sessions: Http2Sessions }> {
  const sessions = new Http2Sessions(4, QUIET_MS);
  const server = http2.createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream) => stream.on('error', () => undefined).respond({ ':status': 200 }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => server.close());
  return { port: (server.address() as net.AddressInfo).port, sessions };
}

async function connect(port: number): Promise<{ session: http2.ClientHttp2Session; socket: net.Socket }> {
  const socket = net.connect(port, '127.0.0.1');
  const session = http2.connect('http://127.0.0.1', { createConnection: () => socket });
  session.on('error', () => undefined);
  open.push(() => session.destroy());
  await once(session, 'remoteSettings');
  return { session, socket };
}

async function call(session: http2.ClientHttp2Session): Promise<http2.ClientHttp2Stream> {
  const stream = session.request({ ':method': 'POST' }, { endStream: false });
  stream.on('error', () => undefined);
  await once(stream, 'response');
  return stream;
}

test('a quiet connection without a call is closed', async () => {
  const { session } = await connect((await start()).port);
  await once(session, 'close');
});

test('one with a call is asked whether it lives, and stays', async () => {
  const { session } = await connect((await start()).port);
  const stream = await call(session);
  for (let asked = 0; asked < 3; asked += 1) await once(session, 'ping');
  expect(stream.closed).toBe(false);
});

test('one with a call that does not answer is cut off', async () => {
  const { port } = await start();
  const socket = net.connect(port, '127.0.0.1');
  open.push(() => socket.destroy());
  const frame = (type: number, flags: number, stream: number, payload: number[]): Buffer =>
    Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload]);
  // RFC 9113: the preface, empty SETTINGS, and HEADERS of "POST http://x/" that do not end their stream.
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(Buffer.concat([frame(4, 0, 0, []), frame(1, 4, 1, [0x83, 0x84, 0x86, 0x01, 1, 0x78])]));
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  await once(socket, 'close');
  const ping = Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0]);
  expect(Buffer.concat(chunks).includes(ping)).toBe(true);
});

test('closing ends calls that do not end by themselves', async () => {
  const { port, sessions } = await start();
  const { session } = await connect(port);
  await call(session);
  const ended = once(session, 'close');
  await sessions.close();
  await ended;
});
