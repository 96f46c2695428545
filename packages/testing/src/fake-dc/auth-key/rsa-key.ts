import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  type KeyObject,
} from 'node:crypto';
import { bytesOf } from './tl.js';

/** The RSA key of a data centre, 2048 bits. */
export interface DcKey {
  /** The lower 64 bits of the SHA-1 of modulus and exponent, as clients compute it. */
  readonly fingerprint: bigint;
  /** PKCS #1, PEM: what clients let themselves be given. */
  readonly publicKey: string;
  /** Raises to the private exponent; no padding is taken off. `block`: 256 bytes, as is the answer. */
  decrypt(block: Uint8Array): Buffer;
}

export function makeDcKey(): DcKey {
  for (;;) {
    const made = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { privateKey } = made;
    const publicKey = made.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    // Of a key that was read, not made: exporting as a JWK one that was made can stop Node 20 for ever.
    const fingerprint = fingerprintOf(createPublicKey(publicKey));
    // mtcute compares fingerprints as hex without leading zeros to its own with them, and so knows no key like that.
    if (fingerprint >> 60n === 0n) continue;
    return {
      fingerprint,
      publicKey,
      decrypt: (block) => privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, block),
    };
  }
}

/** core.telegram.org/mtproto/auth_key: SHA-1 over both numbers as strings, its last eight bytes little-endian. */
export function fingerprintOf(publicKey: KeyObject): bigint {
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const numbers = [n, e].map((number) => bytesOf(Buffer.from(number, 'base64url')));
  return createHash('sha1').update(Buffer.concat(numbers)).digest().readBigUInt64LE(12);
}
