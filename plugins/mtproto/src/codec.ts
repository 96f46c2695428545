import { Buffer } from 'node:buffer';
import type { Codec, Emit } from '@sluice/plugin-api';
import { acquire, release } from './frame-memory.js';
import type { Keystream } from './obfuscation/ctr.js';
import { freeNow } from './obfuscation/owned-memory.js';

/** Of what is larger, the memory that ciphers allocate is fetched from the system and given back each time. */
const STEP = 64 * 1024;

/**
 * Takes one obfuscation layer off and puts another on, in one step: while the chunk is still in the
 * processor's cache, and with the memory in between freed at once. Lengths stay the same.
 */
export class Recipher implements Codec {
  readonly takesLargeChunks = true;
  readonly #from: Keystream;
  readonly #to: Keystream;
  #lead: Buffer | undefined;

  /**
   * @param from the keystream of what comes in
   * @param to that of what goes out
   * @param lead goes out as it is in front of the first bytes, together with them
   */
  constructor(from: Keystream, to: Keystream, lead?: Buffer) {
    this.#from = from;
    this.#to = to;
    this.#lead = lead;
  }

  write(chunk: Buffer, emit: Emit): void {
    if (this.#lead !== undefined) {
      emit(Buffer.concat([this.#lead, this.#recipher(chunk)]));
      this.#lead = undefined;
    } else if (chunk.length <= STEP) {
      const out = this.#recipher(chunk);
      if (emit(out) === true) freeNow(out);
    } else {
      this.#writeInSteps(chunk, emit);
    }
  }

  #recipher(chunk: Buffer): Buffer {
    const plain = this.#from.update(chunk);
    const out = this.#to.update(plain);
    freeNow(plain);
    return out;
  }

  /** To copy the steps together costs less than to write each by itself. */
  #writeInSteps(chunk: Buffer, emit: Emit): void {
    for (let at = 0; at < chunk.length;) {
      const frame = acquire(chunk.length - at);
      let end = 0;
      while (at < chunk.length && end < frame.length) {
        const length = Math.min(STEP, chunk.length - at, frame.length - end);
        const out = this.#recipher(chunk.subarray(at, at + length));
        frame.set(out, end);
        freeNow(out);
        at += length;
        end += length;
      }
      if (emit(frame.subarray(0, end)) === true) release(frame);
    }
  }
}
