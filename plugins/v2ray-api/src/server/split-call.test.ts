import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { hostApi, type ApiHost } from '../api.fixture.js';

/** RFC 9113, 4.1 */
function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const text = (value: string): Buffer => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);

/** RFC 7541: POST, http, a path, an authority, and the two headers that gRPC wants. */
const headers = Buffer.concat([
  ...[Buffer.of(0x83, 0x86, 0x04), text('/v2ray.core.app.log.command.LoggerService/RestartLogger')],
  ...[Buffer.of(0x01), text('x'), Buffer.of(0x0f, 0x10), text('application/grpc')],
  ...[Buffer.of(0x00), text('te'), text('trailers')],
]);

/** A whole call, byte by byte: preface, SETTINGS, HEADERS, and an empty message that ends the stream. */
const call = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(4, 0, 0, Buffer.alloc(0)),
  frame(1, 4, 1, headers),
  frame(0, 1, 1, Buffer.alloc(5)),
]);

let host: ApiHost;
beforeAll(async () => {
  host = await hostApi();
});
afterAll(() => host.close());

async function connect(): Promise<net.Socket> {
  const socket = net.connect({ port: host.port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

test('a call is answered wherever it is split', async () => {
  for (let at = 0; at <= call.length; at += 1) {
    const before = host.reopened();
    const socket = await connect();
    socket.resume();
    socket.write(call.subarray(0, at));
    await new Promise((resolve) => setImmediate(resolve));
    socket.write(call.subarray(at));
    await vi.waitFor(() => expect(host.reopened()).toBe(before + 1), { interval: 1 });
    socket.destroy();
  }
});

test('a client may go away at any point, and nothing of it is left', async () => {
  for (let at = 0; at <= call.length; at += 1) {
    const socket = await connect();
    socket.resume();
    if (at % 2 === 0) socket.end(call.subarray(0, at));
    else socket.write(call.subarray(0, at), () => socket.resetAndDestroy());
    await once(socket, 'close');
  }
  await vi.waitFor(() => expect(host.plane.state()).toMatchObject({ conns: 0 }), 5000);
  expect(host.logger.lines.filter((line) => !line.startsWith('debug'))).toEqual([]);
});
