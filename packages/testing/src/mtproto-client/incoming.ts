import type { Socket } from 'node:net';

/** Decoded bytes that have come and nobody has asked for yet. */
export class Incoming {
  #bytes: Buffer[] = [];
  #length = 0;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;
  #decode: (chunk: Buffer) => Buffer = (chunk) => chunk;
  readonly #timeout: number;

  /** @param timeout of any one wait, in milliseconds */
  constructor(socket: Socket, timeout: number) {
    this.#timeout = timeout;
    socket.on('data', (chunk: Buffer) => {
      try {
        this.#add(this.#decode(chunk));
      } catch (error) {
        socket.destroy(error as Error);
        return;
      }
      this.#wake?.();
    });
    socket.on('error', (error) => (this.#error = error));
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake?.();
      });
    }
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  /** Decodes what comes from now on, and what waits, by this as well. */
  decodeBy(decode: (chunk: Buffer) => Buffer): void {
    const inner = this.#decode;
    const waiting = this.#take(this.#length);
    this.#decode = (chunk) => decode(inner(chunk));
    if (waiting.length > 0) this.#add(decode(waiting));
  }

  async read(length: number): Promise<Buffer> {
    await this.#until(() => this.#length >= length, `${length} bytes`);
    return this.#take(length);
  }

  async readSome(): Promise<Buffer> {
    await this.#until(() => this.#length > 0, 'bytes');
    return this.#take(this.#length);
  }

  async readToEnd(): Promise<Buffer> {
    await this.#until(() => this.#ended, 'the end');
    if (this.#error !== undefined) throw this.#error;
    return this.#take(this.#length);
  }

  #add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#bytes.push(bytes);
    this.#length += bytes.length;
  }

  #take(length: number): Buffer {
    const all = Buffer.concat(this.#bytes);
    this.#bytes = [all.subarray(length)];
    this.#length -= length;
    return all.subarray(0, length);
  }

  async #until(isReady: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + this.#timeout;
    while (!isReady()) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) throw new Error(`the connection ended while waiting for ${what}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`waited ${this.#timeout} ms for ${what}, ${this.#length} bytes came`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
