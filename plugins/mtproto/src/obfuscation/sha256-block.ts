/**
 * SHA-256 (FIPS 180-4) of one block whose first 32 bytes stay the same while the next 16 change:
 * what trying many secrets on one header needs. Node's own hash costs more in calls and objects
 * than the whole computation does here.
 */

const ROUNDS = 64;
/** Message words that stay: the seed. What depends on them alone is computed once a header. */
const SEED_WORDS = 8;
const MESSAGE_BITS = 48 * 8;

const roundConstants = new Int32Array(ROUNDS);
const initialState = new Int32Array(8);

// The fractions of the cube and square roots of the first primes, as the standard derives them.
for (let n = 2, found = 0; found < ROUNDS; n += 1) {
  let isPrime = true;
  for (let d = 2; d * d <= n; d += 1) if (n % d === 0) isPrime = false;
  if (!isPrime) continue;
  roundConstants[found] = fraction(Math.cbrt(n));
  if (found < 8) initialState[found] = fraction(Math.sqrt(n));
  found += 1;
}

function fraction(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) | 0;
}

// Hashing is synchronous, so one set of words serves all.
const words = new Int32Array(ROUNDS);
const seeded = new Int32Array(8);
const state = new Int32Array(8);

/** Takes the first 32 bytes. */
export function seedSha256(bytes: Buffer): void {
  for (let i = 0; i < SEED_WORDS; i += 1) words[i] = bytes.readInt32BE(i * 4);
  words[12] = 0x80000000 | 0;
  words[13] = 0;
  words[14] = 0;
  words[15] = MESSAGE_BITS;
  seeded.set(initialState);
  rounds(seeded, 0, SEED_WORDS);
}

/** The digest, as 8 words, of the seed and 16 more bytes. @param rest four big-endian words from `at` on */
export function sha256WithSeed(rest: Int32Array, at: number, digest: Int32Array): void {
  for (let i = 0; i < 4; i += 1) words[SEED_WORDS + i] = rest[at + i] as number;
  for (let i = 16; i < ROUNDS; i += 1) {
    const early = words[i - 15] as number;
    const late = words[i - 2] as number;
    const s0 = ((early >>> 7) | (early << 25)) ^ ((early >>> 18) | (early << 14)) ^ (early >>> 3);
    const s1 = ((late >>> 17) | (late << 15)) ^ ((late >>> 19) | (late << 13)) ^ (late >>> 10);
    words[i] = ((words[i - 16] as number) + s0 + (words[i - 7] as number) + s1) | 0;
  }
  state.set(seeded);
  rounds(state, SEED_WORDS, ROUNDS);
  for (let i = 0; i < 8; i += 1) digest[i] = ((initialState[i] as number) + (state[i] as number)) | 0;
}

function rounds(of: Int32Array, from: number, to: number): void {
  let a = of[0] as number;
  let b = of[1] as number;
  let c = of[2] as number;
  let d = of[3] as number;
  let e = of[4] as number;
  let f = of[5] as number;
  let g = of[6] as number;
  let h = of[7] as number;
  for (let i = from; i < to; i += 1) {
    const sum1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const choice = (e & f) ^ (~e & g);
    const t1 = (h + sum1 + choice + (roundConstants[i] as number) + (words[i] as number)) | 0;
    const sum0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + sum0 + majority) | 0;
  }
  of[0] = a;
  of[1] = b;
  of[2] = c;
  of[3] = d;
  of[4] = e;
  of[5] = f;
  of[6] = g;
  of[7] = h;
}
