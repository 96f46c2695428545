import { randomFillSync } from 'node:crypto';
import { aes256ThirdWord } from './aes256-word.js';
import { framingOf, IV_OFFSET, KEY_OFFSET, TAG_OFFSET } from './header.js';
import { seedSha256, sha256WithSeed } from './sha256-block.js';

const SECRET_WORDS = 4;
/** The tag lies in the header's fourth block, so the counter is three ahead of the IV. */
const TAG_BLOCK = 3;

const STEP_MS = 1;
/** Tried between two looks at the clock. */
const SECRETS_PER_LOOK = 256;

const key = new Int32Array(8);
const counter = new Int32Array(4);

/** Finds which of many secrets opens a header, at about a microsecond for each. */
export class SecretSearch {
  #words: Int32Array;
  #count = 0;

  /** @param secrets 16 bytes each */
  constructor(secrets: readonly Buffer[] = []) {
    this.#words = new Int32Array(secrets.length * SECRET_WORDS);
    secrets.forEach((secret, index) => this.set(index, secret));
  }

  /** Puts a secret at an index: one that is free, or the next behind the last. Searches under way may find it. */
  set(index: number, secret: Buffer): void {
    if (index >= this.#count) this.#grow(index + 1);
    for (let i = 0; i < SECRET_WORDS; i += 1) this.#words[index * SECRET_WORDS + i] = secret.readInt32BE(i * 4);
  }

  /** Nothing is found at that index any more. */
  clear(index: number): void {
    // Zeros would be the secret of whoever comes with zeros; this one is nobody's.
    randomFillSync(this.#words, index * SECRET_WORDS, SECRET_WORDS);
  }

  /** Prepares to look for the secret of a header, which must not change meanwhile. */
  start(header: Buffer): SecretSearchRun {
    return new SecretSearchRun(this, header, this.#count);
  }

  /** The index of the first secret, from `from` to before `to`, under which the header names a framing; or -1. */
  find(header: Buffer, from = 0, to = this.#count): number {
    seedSha256(header.subarray(KEY_OFFSET, IV_OFFSET));
    setCounter(header);
    const sealed = header.readInt32BE(TAG_OFFSET);
    for (let index = from; index < to; index += 1) {
      sha256WithSeed(this.#words, index * SECRET_WORDS, key);
      // A tag's four bytes are equal: their order is all the same.
      const tag = (aes256ThirdWord(key, counter) ^ sealed) >>> 0;
      if (framingOf(tag) !== undefined) return index;
    }
    return -1;
  }

  #grow(count: number): void {
    this.#count = count;
    if (count * SECRET_WORDS <= this.#words.length) return;
    const words = new Int32Array(2 * count * SECRET_WORDS);
    words.set(this.#words);
    this.#words = words;
  }
}

/** A search that goes on with each step. */
export class SecretSearchRun {
  /** The index of the secret, once it has been found. */
  found: number | undefined = undefined;
  readonly #search: SecretSearch;
  readonly #header: Buffer;
  readonly #count: number;
  #at = 0;

  /** @param count how many secrets there are */
  constructor(search: SecretSearch, header: Buffer, count: number) {
    this.#search = search;
    this.#header = header;
    this.#count = count;
  }

  /** Works for about so long, by default a millisecond. True: the search is over. */
  step(ms = STEP_MS): boolean {
    const until = performance.now() + ms;
    while (this.#at < this.#count) {
      const end = Math.min(this.#at + SECRETS_PER_LOOK, this.#count);
      const index = this.#search.find(this.#header, this.#at, end);
      this.#at = index < 0 ? end : this.#count;
      if (index >= 0) this.found = index;
      else if (performance.now() >= until) break;
    }
    return this.#at === this.#count;
  }
}

function setCounter(header: Buffer): void {
  let carry = TAG_BLOCK;
  for (let i = 3; i >= 0; i -= 1) {
    const sum = header.readUInt32BE(IV_OFFSET + i * 4) + carry;
    counter[i] = sum | 0;
    carry = sum > 0xffffffff ? 1 : 0;
  }
}
