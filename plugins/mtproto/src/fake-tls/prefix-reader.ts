import type { Buffer } from 'node:buffer';

/** How far a {@link PrefixReader} has come: all asked for was there, is still to come, or can never come. */
export type ReadState = 'ok' | 'short' | 'broken';

/**
 * Reads a message of known length of which only a prefix may have arrived. The first read that
 * fails decides; all later ones answer zero, so the caller may look at {@link state} once in a while.
 */
export class PrefixReader {
  state: ReadState = 'ok';
  at = 0;
  readonly #bytes: Buffer;
  /** Where the innermost vector that is being read ends. */
  #end: number;

  /** @param length of the whole message; `bytes` is as much of it as there is */
  constructor(bytes: Buffer, length: number) {
    this.#bytes = bytes;
    this.#end = length;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#end || this.state !== 'ok';
  }

  uint8(): number {
    return this.#has(1) ? (this.#bytes[this.at++] as number) : 0;
  }

  uint16(): number {
    if (!this.#has(2)) return 0;
    const value = this.#bytes.readUInt16BE(this.at);
    this.at += 2;
    return value;
  }

  /** A view. */
  bytes(n: number): Buffer {
    if (!this.#has(n)) return this.#bytes.subarray(0, 0);
    this.at += n;
    return this.#bytes.subarray(this.at - n, this.at);
  }

  /** Enters a vector of `n` bytes, which must fit into the one around it; {@link leave} with what this answers. */
  enter(n: number): number {
    const outer = this.#end;
    if (this.at + n > outer) this.fail();
    else this.#end = this.at + n;
    return outer;
  }

  /** Enters a vector of `n` bytes, with which the one around it must end. */
  enterLast(n: number): number {
    if (this.at + n !== this.#end) this.fail();
    return this.enter(n);
  }

  /** Leaves a vector that must have been read to its end. */
  leave(outer: number): void {
    if (this.state === 'ok' && this.at !== this.#end) this.fail();
    this.#end = outer;
  }

  fail(): void {
    if (this.state === 'ok') this.state = 'broken';
  }

  #has(n: number): boolean {
    if (this.state !== 'ok') return false;
    if (this.at + n > this.#end) this.state = 'broken';
    else if (this.at + n > this.#bytes.length) this.state = 'short';
    else return true;
    return false;
  }
}
