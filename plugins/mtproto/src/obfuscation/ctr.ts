import { Buffer } from 'node:buffer';
import { createDecipheriv, hash } from 'node:crypto';
import { IV_OFFSET, KEY_OFFSET, TAG_OFFSET } from './header.js';

/** An AES-256-CTR keystream, which moves on with each call. Enciphering and deciphering are the same. */
export interface Keystream {
  /** As many bytes as come in, in memory of their own. */
  update(bytes: Buffer): Buffer;
}

const KEY_LENGTH = 32;
const SECRET_LENGTH = 16;
// Reused: hashing is synchronous and keeps nothing.
const keySource = Buffer.alloc(KEY_LENGTH + SECRET_LENGTH);

/** A keystream at its start. @param key 32 bytes @param iv 16 bytes */
export function keystream(key: Buffer, iv: Buffer): Keystream {
  // Node makes this class faster than its twin.
  return createDecipheriv('aes-256-ctr', key, iv);
}

/** A proxy's key: SHA256(32 bytes of the header ‖ 16 bytes of secret). */
export function proxyKey(seed: Buffer, secret: Buffer): Buffer {
  seed.copy(keySource, 0, 0, KEY_LENGTH);
  secret.copy(keySource, KEY_LENGTH, 0, SECRET_LENGTH);
  return hash('sha256', keySource, 'buffer');
}

/** The 48 bytes of key and IV for the sender's direction: a view of the header. */
export function forwardMaterial(header: Buffer): Buffer {
  return header.subarray(KEY_OFFSET, TAG_OFFSET);
}

/** The 48 bytes of key and IV for the direction back to the sender: those of the header in reverse. */
export function backwardMaterial(header: Buffer): Buffer {
  return Buffer.from(forwardMaterial(header)).reverse();
}

/** A keystream from 48 bytes of key and IV. */
export function keystreamOf(material: Buffer): Keystream {
  const ivAt = IV_OFFSET - KEY_OFFSET;
  return keystream(material.subarray(0, ivAt), material.subarray(ivAt, ivAt + 16));
}
