import { expect, it } from 'vitest';
import { crc32c } from './crc32c.js';

// The check value of the catalogue of CRCs, and the vectors of RFC 3720, B.4.
it.each([
  ['', 0],
  [Buffer.from('123456789').toString('hex'), 0xe3069283],
  ['00'.repeat(32), 0x8a9136aa],
  ['ff'.repeat(32), 0x62a8ab43],
  [Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('hex'), 0x46dd794e],
])('of %s is right', (hex, expected) => {
  expect(crc32c(Buffer.from(hex, 'hex'))).toBe(expected);
});
