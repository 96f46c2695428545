import type { Buffer } from 'node:buffer';

/** Reads a part of a buffer from front to back: QUIC's integers of 1 to 8 bytes (RFC 9000 16), and bytes. */
export class VarintReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Where the next byte is. */
  get at(): number {
    return this.#at;
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next byte; undefined behind the end. */
  byte(): number | undefined {
    const value = this.#bytes[this.#at];
    this.#at += 1;
    return value;
  }

  /** Behind the end, and for what is cut off there: Infinity. Above 2^53 not exact. */
  varint(): number {
    const first = this.#bytes[this.#at];
    if (first === undefined) return Infinity;
    const length = 1 << (first >> 6);
    let value = first & 0x3f;
    for (let i = 1; i < length; i += 1) value = value * 256 + (this.#bytes[this.#at + i] ?? Infinity);
    this.#at += length;
    return value;
  }

  /** A view of the next bytes; undefined when there are not as many. */
  take(length: number): Buffer | undefined {
    const end = this.#at + length;
    if (end > this.#bytes.length) return undefined;
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}
