/** Bytes of a hash's key. */
export const SIP_KEY_LENGTH = 16;

/**
 * SipHash-2-4 with a result of 128 bits (Aumasson and Bernstein, 2012): a keyed hash that is fast on
 * a few dozen bytes, and whose results nobody can aim at who does not know the key. 64-bit words are
 * pairs of 32-bit ones, low and high, in locals: a call makes nothing.
 */
export class SipHash {
  readonly #k0l: number;
  readonly #k0h: number;
  readonly #k1l: number;
  readonly #k1h: number;
  /** @param key 16 bytes */
  constructor(key: Uint8Array) {
    this.#k0l = wordAt(key, 0);
    this.#k0h = wordAt(key, 4);
    this.#k1l = wordAt(key, 8);
    this.#k1h = wordAt(key, 12);
  }

  /** Writes the hash as four words, each to be read as little-endian. */
  hash(bytes: Uint8Array, out: Uint32Array): void {
    let v0l = this.#k0l ^ 0x70736575;
    let v0h = this.#k0h ^ 0x736f6d65;
    let v1l = this.#k1l ^ 0x6e646f6d ^ 0xee;
    let v1h = this.#k1h ^ 0x646f7261;
    let v2l = this.#k0l ^ 0x6e657261;
    let v2h = this.#k0h ^ 0x6c796765;
    let v3l = this.#k1l ^ 0x79746573;
    let v3h = this.#k1h ^ 0x74656462;
    // Two steps without input, of double length, follow the last word.
    const lastWord = bytes.length >> 3;
    for (let step = 0; step <= lastWord + 2; step += 1) {
      let inLow = 0;
      let inHigh = 0;
      if (step < lastWord) {
        inLow = wordAt(bytes, step * 8);
        inHigh = wordAt(bytes, step * 8 + 4);
      } else if (step === lastWord) {
        inLow = restAt(bytes, step * 8);
        inHigh = restAt(bytes, step * 8 + 4) | (bytes.length << 24);
      } else if (step === lastWord + 1) {
        v2l ^= 0xee;
      } else {
        v1l ^= 0xdd;
      }
      v3l ^= inLow;
      v3h ^= inHigh;
      for (let rounds = step > lastWord ? 4 : 2; rounds > 0; rounds -= 1) {
        // v0 += v1; v1 <<<= 13; v1 ^= v0; v0 <<<= 32
        let sum = (v0l >>> 0) + (v1l >>> 0);
        let low = sum | 0;
        let high = (v0h + v1h + (sum > 0xffffffff ? 1 : 0)) | 0;
        let turned = ((v1l << 13) | (v1h >>> 19)) ^ low;
        v1h = ((v1h << 13) | (v1l >>> 19)) ^ high;
        v1l = turned;
        v0l = high;
        v0h = low;
        // v2 += v3; v3 <<<= 16; v3 ^= v2
        sum = (v2l >>> 0) + (v3l >>> 0);
        v2l = sum | 0;
        v2h = (v2h + v3h + (sum > 0xffffffff ? 1 : 0)) | 0;
        turned = ((v3l << 16) | (v3h >>> 16)) ^ v2l;
        v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h;
        v3l = turned;
        // v0 += v3; v3 <<<= 21; v3 ^= v0
        sum = (v0l >>> 0) + (v3l >>> 0);
        v0l = sum | 0;
        v0h = (v0h + v3h + (sum > 0xffffffff ? 1 : 0)) | 0;
        turned = ((v3l << 21) | (v3h >>> 11)) ^ v0l;
        v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h;
        v3l = turned;
        // v2 += v1; v1 <<<= 17; v1 ^= v2; v2 <<<= 32
        sum = (v2l >>> 0) + (v1l >>> 0);
        low = sum | 0;
        high = (v2h + v1h + (sum > 0xffffffff ? 1 : 0)) | 0;
        turned = ((v1l << 17) | (v1h >>> 15)) ^ low;
        v1h = ((v1h << 17) | (v1l >>> 15)) ^ high;
        v1l = turned;
        v2l = high;
        v2h = low;
      }
      v0l ^= inLow;
      v0h ^= inHigh;
      // Each of the last two steps gives a half of the result.
      const half = step - lastWord - 1;
      if (half < 0) continue;
      out[half * 2] = v0l ^ v1l ^ v2l ^ v3l;
      out[half * 2 + 1] = v0h ^ v1h ^ v2h ^ v3h;
    }
  }
}

/** Up to four bytes from there, those behind the end being zero. */
function restAt(bytes: Uint8Array, at: number): number {
  let word = 0;
  for (let i = Math.min(3, bytes.length - 1 - at); i >= 0; i -= 1) word = (word << 8) | bytes[at + i]!;
  return word;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
