import { createHash, timingSafeEqual, type BinaryLike } from 'node:crypto';

/** Compares what somebody offers with the secret, in a time that tells nothing of either. */
export class Secret {
  readonly #digest: Buffer;

  constructor(secret: string) {
    this.#digest = digest(secret);
  }

  matches(offered: string): boolean {
    return timingSafeEqual(digest(offered), this.#digest);
  }
}

// Digests have one length, which the comparison needs, and hide that of the secret.
function digest(text: BinaryLike): Buffer {
  return createHash('sha256').update(text).digest();
}
