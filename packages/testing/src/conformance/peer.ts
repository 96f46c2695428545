import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import type { Endpoint } from '@sluice/plugin-api';
import { failure, within } from './within.js';

/** How much came, and the hash of it. */
export interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

export function digest(...parts: readonly Uint8Array[]): Digest {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return { bytes: parts.reduce((sum, { length }) => sum + length, 0), sha256: hash.digest('hex') };
}

/** A plain socket at one end of a path, read step by step. It reads nothing that is not asked for. */
export class Peer {
  readonly socket: net.Socket;
  /** How the last direction ended; undefined while the socket is open. */
  over: 'closed' | 'reset' | undefined;
  #chunks: Buffer[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.pause();
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      socket.pause();
      this.#wake?.();
    });
    socket.on('end', () => {
      this.#ended = true;
      this.#wake?.();
    });
    socket.on('error', () => {
      this.over = 'reset';
    });
    socket.on('close', () => {
      this.over ??= 'closed';
      this.#wake?.();
    });
  }

  static async connect({ address, port }: Endpoint): Promise<Peer> {
    const socket = net.connect({ host: address, port, allowHalfOpen: true });
    await within(once(socket, 'connect'), 'a connection to what is tested');
    return new Peer(socket);
  }

  /** Exactly so many bytes. */
  async read(count: number): Promise<Buffer> {
    const bytes = await this.upTo(count);
    if (bytes.length === count) return bytes;
    throw failure(`${count} bytes were expected, and the end came after ${bytes.length}`);
  }

  /** So many bytes, or less if the end comes before. */
  async upTo(count: number): Promise<Buffer> {
    const taken: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      if (chunk.length > missing) this.#chunks.unshift(chunk.subarray(missing));
      taken.push(chunk.subarray(0, missing));
      missing -= Math.min(missing, chunk.length);
    }
    return Buffer.concat(taken);
  }

  /** So many bytes, of which only the hash is kept. */
  async digest(count: number): Promise<Digest> {
    const hash = createHash('sha256');
    let bytes = 0;
    while (bytes < count) {
      const chunk = await this.#next();
      if (chunk === undefined) throw failure(`${count} bytes were expected, and the end came after ${bytes}`);
      const wanted = chunk.subarray(0, count - bytes);
      if (wanted.length < chunk.length) this.#chunks.unshift(chunk.subarray(wanted.length));
      hash.update(wanted);
      bytes += wanted.length;
    }
    return { bytes, sha256: hash.digest('hex') };
  }

  /** All that still comes; the end may be a reset. */
  async rest(): Promise<Buffer> {
    const taken: Buffer[] = [];
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) taken.push(chunk);
    return Buffer.concat(taken);
  }

  /** The peer's end, in order and with nothing before it. */
  async end(): Promise<void> {
    const rest = await this.rest();
    if (rest.length > 0) throw failure(`the end was expected, and ${rest.length} further bytes came`);
    if (!this.#ended) throw failure('the end was expected, and a reset came');
  }

  /** Writes, and resolves when the system has taken it all, or the socket is gone. */
  async write(bytes: Uint8Array): Promise<void> {
    await within(new Promise<void>((resolve) => this.socket.write(bytes, () => resolve())), 'bytes to be taken');
  }

  /** Closes and lets the other side see a reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  async #next(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) return chunk;
      if (this.#ended || this.over !== undefined) return undefined;
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.socket.resume();
      await within(woken, 'bytes or the end of the stream');
    }
  }
}
