import { Buffer } from 'node:buffer';
import type { Codec, Emit } from '@sluice/plugin-api';
import type { Keystream } from './obfuscation/ctr.js';
import { freeNow } from './obfuscation/owned-memory.js';

/**
 * Takes one obfuscation layer off and puts another on, in one step: while the chunk is still in the
 * processor's cache, and with the memory in between freed at once. Lengths stay the same.
 */
export class Recipher implements Codec {
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
    const plain = this.#from.update(chunk);
    const out = this.#to.update(plain);
    freeNow(plain);
    if (this.#lead !== undefined) {
      emit(Buffer.concat([this.#lead, out]));
      this.#lead = undefined;
    } else if (emit(out) === true) {
      freeNow(out);
    }
  }
}
