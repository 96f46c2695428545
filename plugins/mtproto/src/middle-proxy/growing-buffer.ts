import { Buffer } from 'node:buffer';

const EMPTY = Buffer.alloc(0);
const FIRST_CAPACITY = 256;

/**
 * Bytes that are put together piece by piece. It grows with what has come, not with what was
 * announced, so that a length alone costs no memory, and small pieces cost no more than their bytes.
 */
export class GrowingBuffer {
  #memory = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What is held; valid until the next call that changes it. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  /**
   * Copies from `source`, beginning at `at`, until `wanted` bytes are held in all.
   * @returns how many bytes were taken
   */
  fill(source: Buffer, at: number, wanted: number): number {
    const taken = Math.min(source.length - at, wanted - this.#length);
    this.#reserve(this.#length + taken, wanted);
    source.copy(this.#memory, this.#length, at, at + taken);
    this.#length += taken;
    return taken;
  }

  /** Hands the bytes over and holds none. */
  take(): Buffer {
    const { bytes } = this;
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#memory = EMPTY;
    this.#length = 0;
  }

  #reserve(needed: number, atMost: number): void {
    if (needed <= this.#memory.length) return;
    const capacity = Math.max(needed, Math.min(atMost, Math.max(FIRST_CAPACITY, this.#memory.length * 2)));
    const grown = Buffer.allocUnsafeSlow(capacity);
    this.#memory.copy(grown, 0, 0, this.#length);
    this.#memory = grown;
  }
}
