import { createCipheriv, createHash, randomBytes } from 'node:crypto';

/** What follows the header in the first write of a client: as long as a framed req_pq_multi. */
export const PAYLOAD_BYTES = 44;
/** The header and that payload: what the data centre waits for before it answers. */
export const OPENING_BYTES = 64 + PAYLOAD_BYTES;

const FORBIDDEN_WORDS = new Set([
  0x44414548, // HEAD
  0x54534f50, // POST
  0x20544547, // GET
  0x4954504f, // OPTI
  0xdddddddd,
  0xeeeeeeee,
  0x02010316,
]);

/**
 * A valid obfuscated2 opening of a client with a plain secret: 64 bytes of header (tag
 * intermediate), then payload. The payload is random, and random it stays when decrypted: nothing
 * on the way looks into it.
 * @param {Buffer} secret 16 bytes
 * @param {number} dc 1–5
 */
export function clientOpening(secret, dc) {
  const opening = randomBytes(OPENING_BYTES);
  while (opening[0] === 0xef || FORBIDDEN_WORDS.has(opening.readUInt32LE(0)) || opening.readUInt32LE(4) === 0) {
    randomBytes(8).copy(opening);
  }
  const key = createHash('sha256').update(opening.subarray(8, 40)).update(secret).digest();
  const header = opening.subarray(0, 64);
  const plain = Buffer.from(header);
  plain.fill(0xee, 56, 60);
  plain.writeInt16LE(dc, 60);
  const encrypted = createCipheriv('aes-256-ctr', key, header.subarray(40, 56)).update(plain);
  encrypted.copy(header, 56, 56);
  return opening;
}
