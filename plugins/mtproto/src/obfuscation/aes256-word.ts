/**
 * One word of one AES-256 block (FIPS 197): all that is needed to see whether a key opens a header.
 * Keys are tried by the thousand here; making a cipher object for each costs far more.
 */

const ROUND_KEYS = 60;

const sBox = new Uint8Array(256);
/** SubBytes, ShiftRows' byte and MixColumns in one: the column that a byte of row 0 contributes. */
const columns = new Int32Array(256);

function double(x: number): number {
  return ((x << 1) ^ (x & 0x80 ? 0x11b : 0)) & 0xff;
}

// The field's elements as powers of the generator 3, and so their inverses.
const powers = new Uint8Array(255);
for (let i = 0, x = 1; i < 255; i += 1, x ^= double(x)) powers[i] = x;
for (let i = 0; i < 255; i += 1) sBox[powers[i] as number] = affine(powers[(255 - i) % 255] as number);
sBox[0] = affine(0);
for (let x = 0; x < 256; x += 1) {
  const s = sBox[x] as number;
  const s2 = double(s);
  columns[x] = (s2 << 24) | (s << 16) | (s << 8) | (s2 ^ s);
}

function affine(x: number): number {
  const twice = x | (x << 8);
  return (x ^ (twice >>> 4) ^ (twice >>> 5) ^ (twice >>> 6) ^ (twice >>> 7) ^ 0x63) & 0xff;
}

const schedule = new Int32Array(ROUND_KEYS);

function substitute(word: number): number {
  return (
    ((sBox[word >>> 24] as number) << 24) |
    ((sBox[(word >>> 16) & 255] as number) << 16) |
    ((sBox[(word >>> 8) & 255] as number) << 8) |
    (sBox[word & 255] as number)
  );
}

function expand(key: Int32Array): void {
  for (let i = 0; i < 8; i += 1) schedule[i] = key[i] as number;
  let last = schedule[7] as number;
  for (let i = 8, constant = 1; i < ROUND_KEYS; i += 1) {
    if (i % 8 === 0) {
      last = substitute((last << 8) | (last >>> 24)) ^ (constant << 24);
      constant = double(constant);
    } else if (i % 8 === 4) {
      last = substitute(last);
    }
    last ^= schedule[i - 8] as number;
    schedule[i] = last;
  }
}

/** Shifted and mixed: one column of a round's result. */
function mix(a: number, b: number, c: number, d: number): number {
  const second = columns[(b >>> 16) & 255] as number;
  const third = columns[(c >>> 8) & 255] as number;
  const fourth = columns[d & 255] as number;
  return (
    (columns[a >>> 24] as number) ^
    ((second >>> 8) | (second << 24)) ^
    ((third >>> 16) | (third << 16)) ^
    ((fourth >>> 24) | (fourth << 8))
  );
}

/**
 * The third big-endian word (bytes 8 to 11) of the enciphered block.
 * @param key 8 big-endian words @param block 4 big-endian words
 */
export function aes256ThirdWord(key: Int32Array, block: Int32Array): number {
  expand(key);
  let s0 = (block[0] as number) ^ (schedule[0] as number);
  let s1 = (block[1] as number) ^ (schedule[1] as number);
  let s2 = (block[2] as number) ^ (schedule[2] as number);
  let s3 = (block[3] as number) ^ (schedule[3] as number);
  let k = 4;
  for (; k < ROUND_KEYS - 4; k += 4) {
    const t0 = mix(s0, s1, s2, s3) ^ (schedule[k] as number);
    const t1 = mix(s1, s2, s3, s0) ^ (schedule[k + 1] as number);
    const t2 = mix(s2, s3, s0, s1) ^ (schedule[k + 2] as number);
    s3 = mix(s3, s0, s1, s2) ^ (schedule[k + 3] as number);
    s0 = t0;
    s1 = t1;
    s2 = t2;
  }
  const shifted = (s2 & 0xff000000) | (s3 & 0x00ff0000) | (s0 & 0x0000ff00) | (s1 & 0x000000ff);
  return substitute(shifted) ^ (schedule[k + 2] as number);
}
