import { createCipheriv, createDecipheriv } from 'node:crypto';

const blockLength = 16;

/**
 * AES in the mode "infinite garble extension", which Node lacks. `key`: 16 or 32 bytes. `iv`: 32 bytes, the ciphertext
 * before the first block and then the plaintext before it. `plain`: whole blocks of 16 bytes.
 */
export function encryptIge(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  return garble((block) => cipher.update(block), iv.subarray(0, blockLength), iv.subarray(blockLength), plain);
}

export function decryptIge(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array): Buffer {
  const decipher = createDecipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  return garble((block) => decipher.update(block), iv.subarray(blockLength), iv.subarray(0, blockLength), sealed);
}

/** Both directions: what comes out before goes in with the next block, what went in before comes out with it. */
function garble(apply: (block: Buffer) => Buffer, lastOut: Uint8Array, lastIn: Uint8Array, input: Uint8Array): Buffer {
  if (input.length % blockLength !== 0) throw new Error(`${input.length} bytes are not made of blocks`);
  const output = Buffer.alloc(input.length);
  for (let at = 0; at < input.length; at += blockLength) {
    const block = input.subarray(at, at + blockLength);
    xor(apply(xor(block, lastOut)), lastIn).copy(output, at);
    lastIn = block;
    lastOut = output.subarray(at, at + blockLength);
  }
  return output;
}

/** As long as the first. */
export function xor(one: Uint8Array, other: Uint8Array): Buffer {
  return Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)));
}
