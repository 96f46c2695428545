import { Buffer } from 'node:buffer';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import type { Codec } from '@sluice/plugin-api';
import { expect } from 'vitest';
import type { DataPlane } from '@sluice/plugin-api';
import { Opener } from './aead.js';
import { formatAddress } from './address.js';
import { ChunkDecoder, ChunkEncoder } from './codec.js';
import type { Secret } from './method.js';

/** What a codec makes of some bytes, as one. The bytes are copied: decoders may change them. */
export function through(codec: Codec, bytes: Buffer): Buffer {
  const out: Buffer[] = [];
  codec.write(Buffer.from(bytes), (piece) => {
    out.push(Buffer.from(piece));
    return true;
  });
  return Buffer.concat(out);
}

/** The first bytes of a client: salt, address and payload. */
export function opening(secret: Secret, port: number, payload: Buffer, salt = secret.newSalt()): Buffer {
  return through(new ChunkEncoder(secret, salt), Buffer.concat([formatAddress('127.0.0.1', port), payload]));
}

/** A server's answer, opened. */
export function openAnswer(secret: Secret, answer: Buffer): Buffer {
  const { keyLength } = secret.method;
  return through(new ChunkDecoder(new Opener(secret, answer.subarray(0, keyLength))), answer.subarray(keyLength));
}

/** A TCP client's socket, and all that it is sent until the end. */
export async function connectTo(port: number): Promise<{ socket: net.Socket; ended: Promise<Buffer> }> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  await once(socket, 'connect');
  const got: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => got.push(chunk));
  const ended = new Promise<Buffer>((resolve) => {
    const over = (): void => resolve(Buffer.concat(got));
    socket.once('end', over);
    socket.once('error', over);
  });
  return { socket, ended };
}

export interface Echo {
  readonly port: number;
  close(): Promise<void>;
}

/** Sends back what it gets, and ends when the client ends. */
export async function echoTcp(): Promise<Echo> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}

export async function echoUdp(): Promise<Echo> {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (payload, { port, address }) => socket.send(payload, port, address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** Waits until nothing of the instance is left open, running or borrowed. */
export async function expectAtRest(plane: DataPlane): Promise<void> {
  await expect
    .poll(() => plane.state(), { timeout: 5000 })
    .toMatchObject({ conns: 0, timers: 0, buffers: { borrowed: 0 } });
}
