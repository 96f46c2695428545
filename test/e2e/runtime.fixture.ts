import { once } from 'node:events';
import net from 'node:net';
import { Writable } from 'node:stream';
import { createInstance, type Instance } from '@sluice/core';
import type { Plugin } from '@sluice/plugin-api';
import blackhole from '@sluice/plugin-blackhole';
import dokodemoDoor from '@sluice/plugin-dokodemo-door';
import freedom from '@sluice/plugin-freedom';
import http from '@sluice/plugin-http';
import mtproto from '@sluice/plugin-mtproto';
import socks from '@sluice/plugin-socks';

export const plugins: readonly Plugin[] = [blackhole, dokodemoDoor, freedom, http, mtproto, socks];

/** Console logs of an instance under test, line by line, awaitable. */
export class LogLines {
  readonly lines: string[] = [];
  readonly #waiting: { pattern: RegExp; resolve: (line: string) => void }[] = [];
  readonly stream = new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      for (const line of chunk.toString().split('\n')) if (line !== '') this.#add(line);
      callback();
    },
  });

  /** The first line, past or future, that matches; the test's time limit bounds the wait. */
  line(pattern: RegExp): Promise<string> {
    const known = this.lines.find((line) => pattern.test(line));
    return known !== undefined
      ? Promise.resolve(known)
      : new Promise((resolve) => this.#waiting.push({ pattern, resolve }));
  }

  #add(line: string): void {
    this.lines.push(line);
    for (const waiter of [...this.#waiting]) {
      if (!waiter.pattern.test(line)) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.resolve(line);
    }
  }
}

export interface Running {
  readonly instance: Instance;
  readonly access: LogLines;
  readonly errors: LogLines;
  /** The first TCP (or else UDP) port of an inbound. */
  port(tag: string): number;
  close(): Promise<void>;
}

/** A whole instance on loopback; inbounds without a port get a free one. @param more plugins beside the built-in ones */
export async function startInstance(
  config: {
    readonly inbounds: readonly Record<string, unknown>[];
    readonly [key: string]: unknown;
  },
  more: readonly Plugin[] = [],
): Promise<Running> {
  const access = new LogLines();
  const errors = new LogLines();
  const inbounds = await Promise.all(
    config.inbounds.map(async (inbound) => ({ listen: '127.0.0.1', port: await freePort(), ...inbound })),
  );
  const instance = createInstance(
    { log: { loglevel: 'debug' }, ...config, inbounds },
    { plugins: [...plugins, ...more], logTargets: { access: access.stream, error: errors.stream } },
  );
  await instance.start();
  return {
    instance,
    access,
    errors,
    port: (tag) => {
      const found = instance.inbounds.find((inbound) => inbound.tag === tag)?.listening[0];
      if (found === undefined) throw new Error(`no inbound ${tag}`);
      return found.endpoint.port;
    },
    close: () => instance.close({ drainMs: 0 }),
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A TCP server that answers each connection as told. */
export async function startServer(
  onSocket: (socket: net.Socket) => void,
): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export function echo(socket: net.Socket): void {
  socket.pipe(socket);
}

/** A client socket whose errors do not throw. */
export async function connectTo(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Exactly `n` bytes from a socket. */
export async function readBytes(socket: net.Socket, n: number): Promise<Buffer> {
  let got = Buffer.alloc(0);
  while (got.length < n) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) got = Buffer.concat([got, chunk]);
    else await once(socket, 'readable');
  }
  if (got.length > n) socket.unshift(got.subarray(n));
  return got.subarray(0, n);
}

/** Everything until the other side ends or resets. */
export async function readToEnd(socket: net.Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  while (!socket.readableEnded && !socket.destroyed) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) chunks.push(chunk);
    else await next(socket, ['readable', 'end', 'close']);
  }
  return Buffer.concat(chunks);
}

function next(socket: net.Socket, events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of events) socket.off(event, done);
      resolve();
    };
    for (const event of events) socket.on(event, done);
  });
}

/** The other side has ended or cut off the connection; what it sent before is thrown away. */
export async function gone(socket: net.Socket): Promise<void> {
  socket.resume();
  // Not events.once: that rejects when an error comes first.
  if (!socket.readableEnded && !socket.destroyed) await next(socket, ['end', 'close']);
  socket.destroy();
}

/** Opens a SOCKS5 connection without authentication to a loopback port. @returns the reply code */
export async function socksConnect(socket: net.Socket, port: number, host = '127.0.0.1'): Promise<number> {
  socket.write(Buffer.from([5, 1, 0]));
  await readBytes(socket, 2);
  const name = Buffer.from(host);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, Buffer.from([port >> 8, port & 0xff])]));
  const reply = await readBytes(socket, 10);
  return reply[1] ?? -1;
}

/** Resolves when the instance holds nothing any more; the test's time limit bounds the wait. */
export async function holdsNothing(instance: Instance): Promise<void> {
  const held = (): number => {
    const { conns, timers, buffers, sessions } = instance.dataPlane;
    return conns + timers + buffers.borrowed + sessions;
  };
  while (held() > 0) await new Promise((resolve) => setImmediate(resolve));
}
