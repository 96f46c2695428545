import { Buffer } from 'node:buffer';
import { SluiceError, type Codec, type Emit } from '@sluice/plugin-api';
import { Opener } from './aead.js';
import { ChunkDecoder } from './codec.js';
import type { Secret } from './method.js';
import type { SaltFilter } from './salt-filter.js';

/** Opens what a server sends: its salt, then chunks. Recorded answers of another connection are refused. */
export class AnswerDecoder implements Codec {
  readonly takesLargeChunks = true;
  readonly #secret: Secret;
  readonly #seen: SaltFilter;
  readonly #salt: Buffer;
  #saltBytes = 0;
  #chunks: ChunkDecoder | undefined;
  #isAuthentic = false;

  constructor(secret: Secret, seen: SaltFilter) {
    this.#secret = secret;
    this.#seen = seen;
    this.#salt = Buffer.alloc(secret.method.keyLength);
  }

  get pendingBytes(): number {
    return this.#chunks?.pendingBytes ?? this.#saltBytes;
  }

  write(chunk: Buffer, emit: Emit): void {
    if (this.#isAuthentic) this.#chunks!.write(chunk, emit);
    else this.#begin(chunk, emit);
  }

  /** A server that has nothing to say sends no salt either. @throws SluiceError E_PROTOCOL for a stream that is cut off */
  end(): void {
    if (this.#chunks !== undefined) this.#chunks.end();
    else if (this.#saltBytes > 0) throw new SluiceError('E_PROTOCOL', 'the stream ends within the salt');
  }

  #begin(chunk: Buffer, emit: Emit): void {
    const taken = Math.min(chunk.length, this.#salt.length - this.#saltBytes);
    this.#salt.set(chunk.subarray(0, taken), this.#saltBytes);
    this.#saltBytes += taken;
    if (this.#saltBytes < this.#salt.length) return;
    this.#chunks ??= new ChunkDecoder(new Opener(this.#secret, this.#salt));
    this.#chunks.write(chunk.subarray(taken), (payload) => {
      // Remembered only once it is known to be the server's: others must not fill the memory.
      if (!this.#isAuthentic && !this.#seen.add(this.#salt))
        throw new SluiceError('E_PROTOCOL', 'the answer is a replay of another one');
      this.#isAuthentic = true;
      return emit(payload);
    });
  }
}
