import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'vitest';
import { freePort, type PeerProcess } from '../peers/process.js';
import { startSluice } from '../peers/sluice.js';

export const MIB = 1024 * 1024;
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What a test started, to be closed in reverse. */
export class Started {
  readonly #closing: (() => Promise<unknown>)[] = [];

  add<T extends { close(): Promise<void> }>(closable: T): T {
    this.#closing.push(() => closable.close());
    return closable;
  }

  async close(): Promise<void> {
    for (const close of this.#closing.splice(0).reverse()) await close();
  }
}

type Handler = Readonly<Record<string, unknown>> & { readonly tag: string; readonly protocol: string };

export interface ProgramConfig {
  /** Each gets a free port on 127.0.0.1. */
  readonly inbounds: readonly Handler[];
  readonly outbounds: readonly Handler[];
  readonly routing?: { readonly rules: readonly Readonly<Record<string, unknown>>[]; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** `sluice run`, with what its logs say. */
export interface Program extends PeerProcess {
  readonly configFile: string;
  port(tag: string): number;
  /** All its log lines of one client connection (or UDP flow), by the client's port. */
  linesOf(clientPort: number): readonly string[];
  /** The one line of a client's connection, once it is there. */
  lineOf(clientPort: number): Promise<string>;
}

export async function startProgram(
  config: ProgramConfig,
  options: { readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Program> {
  const inbounds = await Promise.all(
    config.inbounds.map(async (inbound) => ({ listen: '127.0.0.1', port: await freePort(), ...inbound })),
  );
  const peer = await startSluice(
    { log: { loglevel: 'warning' }, ...config, inbounds },
    inbounds.map(({ port }) => port),
    options,
  );
  const linesOf = (clientPort: number): string[] =>
    peer
      .output()
      .split('\n')
      .filter((line) => line.includes(` 127.0.0.1:${clientPort} `));
  return {
    ...peer,
    port: (tag) => inbounds.find((inbound) => inbound.tag === tag)?.port ?? 0,
    linesOf,
    async lineOf(clientPort) {
      await expect.poll(() => linesOf(clientPort), { timeout: 10_000 }).toHaveLength(1);
      return linesOf(clientPort)[0] ?? '';
    },
  };
}

export interface Server {
  readonly port: number;
  close(): Promise<void>;
}

/** A TCP server that does with each connection as told. */
export async function serve(onSocket: (socket: net.Socket) => void): Promise<Server> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    // What a test cuts off must not end the test.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A client's socket. `closed` tells how it ended, and never rejects. */
export async function dial(port: number): Promise<{
  readonly socket: net.Socket;
  readonly clientPort: number;
  readonly closed: Promise<NodeJS.ErrnoException | undefined>;
}> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let error: NodeJS.ErrnoException | undefined;
  socket.on('error', (thrown) => (error = thrown));
  const closed = new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    socket.once('close', () => resolve(error));
  });
  await once(socket, 'connect');
  return { socket, clientPort: socket.localPort ?? 0, closed };
}

/** One address of a handler's `servers`. */
export const server = (port: number, users?: readonly object[]): object => ({
  servers: [{ address: '127.0.0.1', port, ...(users === undefined ? {} : { users }) }],
});

/** A dokodemo-door to a port of 127.0.0.1. */
export const door = (tag: string, port: number, network: 'tcp' | 'udp' = 'tcp'): Handler => ({
  tag,
  protocol: 'dokodemo-door',
  settings: { address: '127.0.0.1', port, network },
});
