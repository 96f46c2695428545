import { createHash, randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { expect } from 'vitest';
import type { DataPlane } from '@sluice/plugin-api';

const TRANSFER_BYTES = 10 * 1024 * 1024;

export interface Target {
  readonly port: number;
  close(): Promise<void>;
}

export interface TransferTarget extends Target {
  /** SHA-256 of what it sends to each client. */
  readonly sends: string;
  /** Of what each client has sent, in the order in which they finished. */
  readonly got: string[];
}

/** Takes 10 MiB, then sends 10 MiB of its own and ends. */
export async function transferTarget(): Promise<TransferTarget> {
  const body = randomBytes(TRANSFER_BYTES);
  const got: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const hash = createHash('sha256');
    let left = TRANSFER_BYTES;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      hash.update(chunk);
      left -= chunk.length;
      if (left > 0) return;
      got.push(hash.digest('hex'));
      socket.end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    sends: createHash('sha256').update(body).digest('hex'),
    got,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/**
 * Sends 10 MiB, reads to the end, and compares both directions by hash.
 * @param halfClose ends its own direction at once, not only after the target has
 */
export async function expectTransfer(stream: Duplex, target: TransferTarget, halfClose: boolean): Promise<void> {
  const body = randomBytes(TRANSFER_BYTES);
  stream.write(body);
  if (halfClose) stream.end();
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk as Buffer);
  expect(target.got.shift()).toBe(createHash('sha256').update(body).digest('hex'));
  expect(hash.digest('hex')).toBe(target.sends);
  stream.end();
}

/** Sends packets back to where they came from. */
export async function udpEcho(): Promise<Target> {
  const socket = dgram.createSocket('udp4', (payload, from) => socket.send(payload, from.port, from.address));
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

export async function expectAtRest(plane: DataPlane): Promise<void> {
  await expect
    .poll(() => plane.state(), { timeout: 10_000 })
    .toMatchObject({ conns: 0, timers: 0, buffers: { borrowed: 0 } });
}
