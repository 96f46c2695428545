import { Buffer } from 'node:buffer';
import { randomFillSync } from 'node:crypto';

/**
 * The first 64 bytes of an obfuscated2 stream:
 * `8 noise | 32 key | 16 IV | 4 tag @56 | int16LE dc @60 | 2 noise`. Bytes 56 to 63 go enciphered.
 */
export const HEADER_LENGTH = 64;
export const KEY_OFFSET = 8;
export const IV_OFFSET = 40;
export const TAG_OFFSET = 56;
export const DC_OFFSET = 60;

export type Framing = 'abridged' | 'intermediate' | 'padded';

const tags: Readonly<Record<Framing, number>> = { abridged: 0xefefefef, intermediate: 0xeeeeeeee, padded: 0xdddddddd };

/** The framing that four header bytes name, or undefined. @param word little-endian */
export function framingOf(word: number): Framing | undefined {
  if (word === tags.padded) return 'padded';
  if (word === tags.intermediate) return 'intermediate';
  return word === tags.abridged ? 'abridged' : undefined;
}

export function tagOf(framing: Framing): number {
  return tags[framing];
}

// First words, little-endian, that make a receiver take the stream for HTTP, TLS or a bare framing.
const HEAD = 0x44414548;
const POST = 0x54534f50;
const GET = 0x20544547;
const OPTI = 0x4954504f;
const TLS = 0x02010316;

/** Whether no obfuscated2 client would start a connection with these bytes (at least 8). */
export function hasForbiddenStart(bytes: Buffer): boolean {
  if (bytes[0] === 0xef) return true;
  if (bytes.readUInt32LE(4) === 0) return true;
  switch (bytes.readUInt32LE(0)) {
    case HEAD:
    case POST:
    case GET:
    case OPTI:
    case TLS:
    case tags.intermediate:
    case tags.padded:
      return true;
    default:
      return false;
  }
}

/** Fills the first `length` bytes with noise that {@link hasForbiddenStart} does not object to. */
export function fillNoise(header: Buffer, length: number): void {
  do takeRandom(header, length);
  while (hasForbiddenStart(header));
}

/** Random bytes, drawn ahead: a call for eight costs as much as one for thousands. */
const pool = Buffer.allocUnsafeSlow(4096);
let used = pool.length;

function takeRandom(into: Buffer, length: number): void {
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  pool.copy(into, 0, used, used + length);
  // What has become a key must not stay behind.
  pool.fill(0, used, used + length);
  used += length;
}
