import { Buffer } from 'node:buffer';
import { hash, randomFillSync } from 'node:crypto';
import type { ClientHello } from './client-hello.js';
import { PROOF_LENGTH } from './digest.js';
import { RANDOM_AT, RANDOM_LENGTH } from './tls.js';

/** A secret, and the names under which its clients come. */
export interface NamedSecret {
  /** 16 bytes. */
  readonly key: Buffer;
  /** Without regard to case. Absent: any name, and none. */
  readonly serverNames?: readonly string[] | undefined;
}

/** A search that goes on with each step. */
export interface HelloSearchRun {
  /** Works for about so long, by default a millisecond; with 0, only on the likeliest. True: the search is over. */
  step(ms?: number): boolean;
  /** The index of the secret that the hello was made with, once it has been found. */
  readonly found: number | undefined;
}

const KEY_WORDS = 4;
const KEY_BYTES = 16;
/** SHA-256's block, which an HMAC's key is padded to (RFC 2104). */
const BLOCK = 64;
const DIGEST = 32;
const INNER_PAD = 0x36363636;
const OUTER_PAD = 0x5c5c5c5c;
const STEP_MS = 1;
/** Hashed between two looks at the clock. */
const BYTES_PER_LOOK = 64 * 1024;
const NOBODY: readonly number[] = [];

/** Finds which of many secrets a hello was made with, at the price of two hashes for each: 2 µs for a hello of 1.8 KB, 3.2 by createHmac. */
export class HelloSearch {
  #keys: Uint32Array;
  #count = 0;
  readonly #byName = new Map<string, number[]>();
  #nameless: number[] = [];

  constructor(secrets: readonly NamedSecret[] = []) {
    this.#keys = new Uint32Array(secrets.length * KEY_WORDS);
    secrets.forEach((secret, index) => this.set(index, secret));
  }

  /** Puts a secret at an index: one that is free, or the next behind the last. Searches under way may find it. */
  set(index: number, { key, serverNames }: NamedSecret): void {
    if (index >= this.#count) this.#grow(index + 1);
    Buffer.from(this.#keys.buffer).set(key, index * KEY_BYTES);
    if (serverNames === undefined) this.#nameless.push(index);
    for (const name of lowerCase(serverNames)) {
      const under = this.#byName.get(name);
      if (under === undefined) this.#byName.set(name, [index]);
      else under.push(index);
    }
  }

  /** Nothing is found at that index any more. @param serverNames as they were set */
  clear(index: number, serverNames: readonly string[] | undefined): void {
    // Zeros would be the secret of whoever comes with zeros; this one is nobody's.
    randomFillSync(this.#keys, index * KEY_WORDS, KEY_WORDS);
    // New lists: searches under way go through the old ones by position.
    if (serverNames === undefined) this.#nameless = this.#nameless.filter((each) => each !== index);
    for (const name of lowerCase(serverNames)) {
      const left = (this.#byName.get(name) ?? NOBODY).filter((each) => each !== index);
      if (left.length > 0) this.#byName.set(name, left);
      else this.#byName.delete(name);
    }
  }

  /**
   * Prepares to look among the secrets that go with the hello's server name. Costs little until the
   * first step. @param likely the index to try before all others: of a client that came before
   */
  start(hello: ClientHello, likely?: number): HelloSearchRun {
    const name = hello.serverName?.toLowerCase();
    const named = (name === undefined ? undefined : this.#byName.get(name)) ?? NOBODY;
    const mayBe = likely !== undefined && (named.includes(likely) || this.#nameless.includes(likely));
    return new Run(hello.record, this.#keys, [mayBe ? [likely] : NOBODY, named, this.#nameless]);
  }

  #grow(count: number): void {
    this.#count = count;
    if (count * KEY_WORDS <= this.#keys.length) return;
    const keys = new Uint32Array(2 * count * KEY_WORDS);
    keys.set(this.#keys);
    this.#keys = keys;
  }
}

function lowerCase(names: readonly string[] = []): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}

class Run implements HelloSearchRun {
  found: number | undefined = undefined;
  readonly #record: Buffer;
  readonly #keys: Uint32Array;
  readonly #candidates: readonly (readonly number[])[];
  /** As hexadecimal digits: in that form a hash costs the least. */
  readonly #proof: string;
  #list = 0;
  #at = 0;

  constructor(record: Buffer, keys: Uint32Array, candidates: readonly (readonly number[])[]) {
    this.#record = record;
    this.#keys = keys;
    this.#candidates = candidates;
    this.#proof = record.toString('hex', RANDOM_AT, RANDOM_AT + PROOF_LENGTH);
  }

  step(ms = STEP_MS): boolean {
    const perLook = Math.ceil(BYTES_PER_LOOK / this.#record.length);
    const until = performance.now() + ms;
    const message = messageOf(this.#record);
    do {
      for (let i = 0; i < perLook; i += 1) {
        const index = this.#next();
        if (index === undefined) return true;
        if (!this.#fits(index, message)) continue;
        this.found = index;
        this.#list = this.#candidates.length;
        return true;
      }
    } while (performance.now() < until);
    return false;
  }

  #next(): number | undefined {
    for (; this.#list < this.#candidates.length; this.#list += 1, this.#at = 0) {
      const index = this.#candidates[this.#list]?.[this.#at];
      if (index === undefined) continue;
      this.#at += 1;
      return index;
    }
    return undefined;
  }

  #fits(index: number, message: Buffer): boolean {
    // Added since the search began, where there was no more room: for the next one to find.
    if ((index + 1) * KEY_WORDS > this.#keys.length) return false;
    for (let i = 0; i < KEY_WORDS; i += 1) {
      const word = this.#keys[index * KEY_WORDS + i]!;
      innerWords[i] = word ^ INNER_PAD;
      outerWords[i] = word ^ OUTER_PAD;
    }
    outer.write(hash('sha256', message, 'hex'), BLOCK, DIGEST, 'hex');
    return isEqual(hash('sha256', outer, 'hex'), this.#proof);
  }
}

// Hashing is synchronous and keeps nothing, so one memory serves all searches.
const outer = Buffer.alloc(BLOCK + DIGEST, OUTER_PAD & 0xff);
const outerWords = new Uint32Array(outer.buffer, outer.byteOffset, KEY_WORDS);
let inner = Buffer.alloc(0);
let innerWords = new Uint32Array(0);

/** The inner hash's input, but for the key: its padding, then the hello without its random. */
function messageOf(record: Buffer): Buffer {
  const length = BLOCK + record.length;
  if (length > inner.length) {
    inner = Buffer.alloc(length);
    inner.fill(INNER_PAD & 0xff, 0, BLOCK);
    innerWords = new Uint32Array(inner.buffer, inner.byteOffset, KEY_WORDS);
  }
  inner.set(record, BLOCK);
  return inner.fill(0, BLOCK + RANDOM_AT, BLOCK + RANDOM_AT + RANDOM_LENGTH).subarray(0, length);
}

/** Whether a digest begins with the proof, in a time that does not depend on where they differ. */
function isEqual(digest: string, proof: string): boolean {
  let difference = 0;
  for (let i = 0; i < proof.length; i += 1) difference |= digest.charCodeAt(i) ^ proof.charCodeAt(i);
  return difference === 0;
}
