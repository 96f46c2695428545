import { Buffer } from 'node:buffer';
import type { Codec, Emit } from '@sluice/plugin-api';

/** XORs one direction of a stream with a repeating key. A toy: it keeps nothing secret. */
export class Mask implements Codec {
  readonly #key: Buffer;
  #at = 0;

  /** @param key at least one byte */
  constructor(key: Buffer) {
    this.#key = key;
  }

  write(chunk: Buffer, emit: Emit): void {
    const out = Buffer.allocUnsafe(chunk.length);
    for (let i = 0; i < chunk.length; i += 1) {
      out[i] = chunk[i]! ^ this.#key[this.#at]!;
      this.#at = (this.#at + 1) % this.#key.length;
    }
    emit(out);
  }
}
