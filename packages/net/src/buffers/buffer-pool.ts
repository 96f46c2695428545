import { Buffer } from 'node:buffer';

/** How many buffers there are: for tests and metrics. */
export interface BufferPoolState {
  /** Buffers that a connection holds now. */
  readonly borrowed: number;
  /** Buffers that lie ready. */
  readonly idle: number;
  /** Buffers given to the garbage collector because their last write was cut off. */
  readonly discarded: number;
}

/** Keeps large read buffers for reuse, so that the hot path allocates none. */
export class BufferPool {
  readonly #size: number;
  readonly #maxIdle: number;
  readonly #idle: Buffer[] = [];
  #borrowed = 0;
  #discarded = 0;

  /** @param size bytes of every buffer @param maxIdle how many unused ones are kept */
  constructor(size: number, maxIdle: number) {
    this.#size = size;
    this.#maxIdle = maxIdle;
  }

  get size(): number {
    return this.#size;
  }

  /** A buffer of the size of the pool, with anything in it. */
  acquire(): Buffer {
    this.#borrowed += 1;
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.#size);
  }

  /** The buffer must not be in use by a pending write. */
  release(buffer: Buffer): void {
    this.#borrowed -= 1;
    if (this.#idle.length < this.#maxIdle) this.#idle.push(buffer);
  }

  /** Counts a buffer as returned without reusing it: a cut-off write may still refer to it. */
  discard(): void {
    this.#borrowed -= 1;
    this.#discarded += 1;
  }

  state(): BufferPoolState {
    return { borrowed: this.#borrowed, idle: this.#idle.length, discarded: this.#discarded };
  }

  /** Lets go of all idle buffers. */
  trim(): void {
    this.#idle.length = 0;
  }
}
