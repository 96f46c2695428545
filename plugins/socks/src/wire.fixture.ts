import { Buffer } from 'node:buffer';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'vitest';
import type { DataPlane } from '@sluice/plugin-api';

export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A TCP socket that is read by number of bytes. */
export class Wire {
  readonly socket: net.Socket;
  /** How the stream ended, if it did not end in order. */
  failure: Error | undefined;
  #bytes = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake?.();
    });
    const over = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    socket.on('end', over);
    socket.on('close', over);
    socket.on('error', (error) => {
      this.failure = error;
      over();
    });
  }

  static async to(port: number, host = '127.0.0.1'): Promise<Wire> {
    const socket = net.connect({ port, host, allowHalfOpen: true, noDelay: true });
    await once(socket, 'connect');
    return new Wire(socket);
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? hex(bytes) : bytes);
  }

  /** Each byte in a segment of its own. */
  async writeSlowly(bytes: Uint8Array): Promise<void> {
    for (const byte of bytes) {
      this.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async read(count: number): Promise<Buffer> {
    await this.#until(() => this.#bytes.length >= count);
    if (this.#bytes.length < count) throw new Error(`the stream ended after ${this.#bytes.toString('hex')}`);
    const bytes = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return bytes;
  }

  /** What comes until the peer ends its direction. */
  async readToEnd(): Promise<Buffer> {
    await this.#until(() => false);
    return this.#bytes;
  }

  end(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  close(): void {
    this.socket.destroy();
  }

  async #until(enough: () => boolean): Promise<void> {
    while (!enough() && !this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

export interface Port {
  readonly port: number;
  close(): Promise<void>;
}

/** A TCP server that gives each connection to `serve`. */
export async function serveTcp(serve: (wire: Wire) => void, host = '127.0.0.1'): Promise<Port> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(new Wire(socket));
  });
  server.listen(0, host);
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

/** Sends back what it gets, and ends when the client ends. */
export function echoTcp(host?: string): Promise<Port> {
  return serveTcp((wire) => void wire.socket.pipe(wire.socket), host);
}

/** A UDP socket that is read packet by packet. */
export class Packets {
  readonly socket: dgram.Socket;
  readonly #arrived: { payload: Buffer; port: number; address: string }[] = [];
  #wake: (() => void) | null = null;

  private constructor(socket: dgram.Socket) {
    this.socket = socket;
    socket.on('message', (payload, { port, address }) => {
      this.#arrived.push({ payload, port, address });
      this.#wake?.();
    });
  }

  static async on(host = '127.0.0.1', port = 0): Promise<Packets> {
    const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
    socket.bind(port, host);
    await once(socket, 'listening');
    return new Packets(socket);
  }

  get port(): number {
    return this.socket.address().port;
  }

  /** Done when the system has taken the packet: loopback keeps the order. */
  send(payload: Uint8Array, port: number, host = '127.0.0.1'): Promise<void> {
    return new Promise((resolve, reject) =>
      this.socket.send(payload, port, host, (error) => (error === null ? resolve() : reject(error))),
    );
  }

  async next(): Promise<{ payload: Buffer; port: number; address: string }> {
    for (;;) {
      const packet = this.#arrived.shift();
      if (packet !== undefined) return packet;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    this.socket.close();
  }
}

/** A UDP server that sends packets back and keeps them. */
export async function echoUdp(host?: string): Promise<Packets & { readonly seen: Buffer[] }> {
  const packets = await Packets.on(host);
  const seen: Buffer[] = [];
  packets.socket.on('message', (payload, from) => {
    seen.push(payload);
    packets.socket.send(payload, from.port, from.address);
  });
  return Object.assign(packets, { seen });
}

/** Waits until nothing of the instance is left open, running or borrowed. */
export async function expectAtRest(plane: DataPlane): Promise<void> {
  await expect
    .poll(() => plane.state(), { timeout: 5000 })
    .toMatchObject({ conns: 0, timers: 0, buffers: { borrowed: 0 } });
}
