import type { Buffer } from 'node:buffer';
import { generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { X25519_LENGTH } from './tls.js';

const DEFAULT_CAPACITY = 256;
/** Made at once by the thread pool: the more, the less each costs this thread (43 µs here, 30 in fours, 13 in sixteens). */
const BATCH = 32;

/**
 * Public keys of X25519 that are used once each. They are made ahead on other threads, up to a bound,
 * because making one here takes as long as the rest of a handshake. Whoever watches can tell a point
 * of the curve from random bytes, so they are real keys, whose private halves nobody keeps.
 */
export class KeySharePool {
  readonly #ready: string[] = [];
  readonly #capacity: number;
  #making = 0;

  /** @param capacity how many are kept ready */
  constructor(capacity: number = DEFAULT_CAPACITY) {
    this.#capacity = capacity;
  }

  /** How many are ready now. */
  get size(): number {
    return this.#ready.length;
  }

  /** Writes a fresh share, 32 bytes. */
  take(into: Buffer, at: number): void {
    const share = this.#ready.pop() ?? shareOf(generateKeyPairSync('x25519').publicKey);
    into.write(share, at, X25519_LENGTH, 'base64url');
    this.fill();
  }

  /** Starts to make what is missing, if that is worth it. */
  fill(): void {
    if (this.#making > 0) return;
    const missing = Math.min(BATCH, this.#capacity - this.#ready.length);
    if (missing < Math.min(BATCH, this.#capacity)) return;
    this.#making = missing;
    for (let i = 0; i < missing; i += 1) {
      generateKeyPair('x25519', undefined, (error: Error | null, publicKey: KeyObject) => {
        if (error === null) this.#ready.push(shareOf(publicKey));
        this.#making -= 1;
        if (error === null) this.fill();
      });
    }
  }
}

function shareOf(publicKey: KeyObject): string {
  return publicKey.export({ format: 'jwk' }).x ?? '';
}
