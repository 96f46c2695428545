import { Buffer } from 'node:buffer';

/** Small pieces are joined in blocks of such sizes, so that a byte in a frame of its own costs no buffer. */
const MIN_BLOCK = 1024;
const MAX_BLOCK = 16 * 1024;

/** Bytes that wait until they are taken, first in, first out. */
export class WaitingBytes {
  #full: Buffer[] = [];
  #first = 0;
  /** What was added last, with room behind it. */
  #block: Buffer | undefined;
  #filled = 0;
  #taken = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies. */
  add(bytes: Buffer): void {
    this.#length += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const block = (this.#block ??= Buffer.allocUnsafe(Math.min(MAX_BLOCK, Math.max(MIN_BLOCK, bytes.length - at))));
      const end = Math.min(bytes.length, at + block.length - this.#filled);
      this.#filled += bytes.copy(block, this.#filled, at, end);
      at = end;
      if (this.#filled === block.length) this.#closeBlock();
    }
  }

  /** The next bytes, which are the caller's from now on; undefined if none wait. */
  take(): Buffer | undefined {
    let bytes = this.#full[this.#first];
    if (bytes !== undefined) {
      this.#first += 1;
      if (this.#first === this.#full.length) {
        this.#full = [];
        this.#first = 0;
      }
    } else if (this.#block !== undefined && this.#filled > this.#taken) {
      bytes = this.#block.subarray(this.#taken, this.#filled);
      this.#taken = this.#filled;
    } else return undefined;
    this.#length -= bytes.length;
    if (this.#length === 0) this.clear();
    return bytes;
  }

  clear(): void {
    this.#full = [];
    this.#first = 0;
    this.#block = undefined;
    this.#filled = 0;
    this.#taken = 0;
    this.#length = 0;
  }

  #closeBlock(): void {
    const block = this.#block;
    if (block !== undefined && this.#filled > this.#taken) this.#full.push(block.subarray(this.#taken, this.#filled));
    this.#block = undefined;
    this.#filled = 0;
    this.#taken = 0;
  }
}
