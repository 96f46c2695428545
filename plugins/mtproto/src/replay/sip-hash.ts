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
  // The state between the steps of one call.
  #v0l = 0;
  #v0h = 0;
  #v1l = 0;
  #v1h = 0;
  #v2l = 0;
  #v2h = 0;
  #v3l = 0;
  #v3h = 0;

  /** @param key 16 bytes */
  constructor(key: Uint8Array) {
    this.#k0l = wordAt(key, 0);
    this.#k0h = wordAt(key, 4);
    this.#k1l = wordAt(key, 8);
    this.#k1h = wordAt(key, 12);
  }

  /** Writes the hash as four words, each to be read as little-endian. */
  hash(bytes: Uint8Array, out: Uint32Array): void {
    this.#v0l = this.#k0l ^ 0x70736575;
    this.#v0h = this.#k0h ^ 0x736f6d65;
    this.#v1l = this.#k1l ^ 0x6e646f6d ^ 0xee;
    this.#v1h = this.#k1h ^ 0x646f7261;
    this.#v2l = this.#k0l ^ 0x6e657261;
    this.#v2h = this.#k0h ^ 0x6c796765;
    this.#v3l = this.#k1l ^ 0x79746573;
    this.#v3h = this.#k1h ^ 0x74656462;
    const { length } = bytes;
    const whole = length & ~7;
    for (let at = 0; at < whole; at += 8) this.#add(wordAt(bytes, at), wordAt(bytes, at + 4));
    let low = 0;
    let high = length << 24;
    for (let i = whole; i < length; i += 1) {
      const byte = bytes[i]!;
      if (i - whole < 4) low |= byte << ((i & 3) * 8);
      else high |= byte << ((i & 3) * 8);
    }
    this.#add(low, high);
    this.#v2l ^= 0xee;
    this.#rounds(4);
    out[0] = this.#v0l ^ this.#v1l ^ this.#v2l ^ this.#v3l;
    out[1] = this.#v0h ^ this.#v1h ^ this.#v2h ^ this.#v3h;
    this.#v1l ^= 0xdd;
    this.#rounds(4);
    out[2] = this.#v0l ^ this.#v1l ^ this.#v2l ^ this.#v3l;
    out[3] = this.#v0h ^ this.#v1h ^ this.#v2h ^ this.#v3h;
  }

  #add(low: number, high: number): void {
    this.#v3l ^= low;
    this.#v3h ^= high;
    this.#rounds(2);
    this.#v0l ^= low;
    this.#v0h ^= high;
  }

  #rounds(count: number): void {
    let v0l = this.#v0l;
    let v0h = this.#v0h;
    let v1l = this.#v1l;
    let v1h = this.#v1h;
    let v2l = this.#v2l;
    let v2h = this.#v2h;
    let v3l = this.#v3l;
    let v3h = this.#v3h;
    for (let i = 0; i < count; i += 1) {
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
    this.#v0l = v0l;
    this.#v0h = v0h;
    this.#v1l = v1l;
    this.#v1h = v1h;
    this.#v2l = v2l;
    this.#v2h = v2h;
    this.#v3l = v3l;
    this.#v3h = v3h;
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
