import { createCipheriv, createHash } from 'node:crypto';

// A prime period, so that a piece that is lost, doubled or moved by any usual buffer size changes the bytes.
const period = 65_521;
const block = createCipheriv('aes-256-ctr', Buffer.alloc(32, 'pattern'), Buffer.alloc(16)).update(Buffer.alloc(period));

/** `length` bytes of an endless, always equal sequence, from `offset` on. */
export function patternBytes(length: number, offset = 0): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length;) {
    const from = (offset + filled) % period;
    filled += block.copy(bytes, filled, from);
  }
  return bytes;
}

/** SHA-256, in hex, of the first `length` bytes of the pattern. */
export function patternSha256(length: number): string {
  const hash = createHash('sha256');
  for (let left = length; left > 0; left -= period) hash.update(left < period ? block.subarray(0, left) : block);
  return hash.digest('hex');
}
