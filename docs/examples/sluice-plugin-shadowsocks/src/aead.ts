import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, type CipherGCMTypes } from 'node:crypto';
import type { Secret } from './method.js';

/** Bytes that sealing adds. */
export const TAG = 16;
const NONCE = 12;
const options = { authTagLength: TAG };

/** One direction's key, and how many boxes it has sealed or opened: each has its own nonce. */
class Counted {
  protected readonly cipher: CipherGCMTypes;
  protected readonly key: Uint8Array;
  protected readonly nonce = Buffer.alloc(NONCE);

  constructor(secret: Secret, salt: Buffer) {
    // All three have the same interface; the types know it under this name.
    this.cipher = secret.method.cipher as CipherGCMTypes;
    this.key = secret.subkey(salt);
  }

  /** A little-endian counter from zero. */
  protected step(): void {
    const { nonce } = this;
    for (let i = 0; i < NONCE; i += 1) {
      nonce[i] = (nonce[i]! + 1) & 0xff;
      if (nonce[i] !== 0) return;
    }
  }
}

export class Sealer extends Counted {
  /** Writes the sealed bytes at `at`, {@link TAG} more than they were. @returns where they end */
  seal(plain: Uint8Array, into: Buffer, at: number): number {
    const cipher = createCipheriv(this.cipher, this.key, this.nonce, options);
    into.set(cipher.update(plain), at);
    cipher.final();
    into.set(cipher.getAuthTag(), at + plain.length);
    this.step();
    return at + plain.length + TAG;
  }
}

export class Opener extends Counted {
  /** @param box at least {@link TAG} bytes @returns undefined if it was not sealed with this key, or was changed */
  open(box: Buffer): Buffer | undefined {
    const end = box.length - TAG;
    const decipher = createDecipheriv(this.cipher, this.key, this.nonce, options);
    decipher.setAuthTag(box.subarray(end));
    const plain = decipher.update(box.subarray(0, end));
    try {
      // Compares the tags in constant time.
      decipher.final();
    } catch {
      return undefined;
    }
    this.step();
    return plain;
  }
}
