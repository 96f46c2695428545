import type { Buffer } from 'node:buffer';
import { generateKeyPair, generateKeyPairSync } from 'node:crypto';
import { X25519_LENGTH } from './tls.js';

const DEFAULT_CAPACITY = 256;
/** Made at once by the thread pool: the more, the less each costs this thread (43 µs here, 30 in fours, 13 in sixteens). */
const BATCH = 32;
/**
 * Encoded while the key is made: Node 20 locks a key while it is exported as a JWK, and where garbage is collected in
 * that moment, the end of what made the key waits for the same lock, on the same thread, for ever.
 */
const ENCODED = { publicKeyEncoding: { format: 'jwk' } } as const;

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
    const share = this.#ready.pop() ?? shareOf(generateKeyPairSync('x25519', ENCODED).publicKey);
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
      generateKeyPair('x25519', ENCODED, (error: Error | null, publicKey: unknown) => {
        if (error === null) this.#ready.push(shareOf(publicKey));
        this.#making -= 1;
        if (error === null) this.fill();
      });
    }
  }
}

/** @param publicKey as a JWK, which Node's types do not know of here */
function shareOf(publicKey: unknown): string {
  return (publicKey as { readonly x: string }).x;
}
