import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
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
  /** Works for about a millisecond. True: the search is over. */
  step(): boolean;
  /** The index of the secret that the hello was made with, once it has been found. */
  readonly found: number | undefined;
}

/** SHA-256's block, which an HMAC's key is padded to (RFC 2104). */
const BLOCK = 64;
const DIGEST = 32;
const STEP_MS = 1;
/** Between two looks at the clock. */
const BYTES_PER_LOOK = 64 * 1024;

// Hashing is synchronous and keeps nothing, so one memory serves all searches.
const outer = Buffer.alloc(BLOCK + DIGEST);
let inner = Buffer.alloc(4096);

/** Finds which of many secrets a hello was made with. */
export class HelloSearch {
  /** Key ⊕ ipad and key ⊕ opad of every secret, as far as the key reaches. */
  readonly #innerKeys: Buffer[];
  readonly #outerKeys: Buffer[];
  readonly #byName = new Map<string, number[]>();
  readonly #nameless: number[] = [];

  constructor(secrets: readonly NamedSecret[]) {
    this.#innerKeys = secrets.map(({ key }) => padded(key, 0x36));
    this.#outerKeys = secrets.map(({ key }) => padded(key, 0x5c));
    secrets.forEach(({ serverNames }, index) => {
      if (serverNames === undefined) this.#nameless.push(index);
      for (const name of new Set(serverNames?.map((name) => name.toLowerCase()))) {
        const under = this.#byName.get(name);
        if (under === undefined) this.#byName.set(name, [index]);
        else under.push(index);
      }
    });
  }

  /**
   * Starts to look among the secrets that go with the hello's server name. Costs nothing until the
   * first step. @param first an index to try before all others, for a client that came before
   */
  start(hello: ClientHello, first?: number): HelloSearchRun {
    const named = hello.serverName === undefined ? [] : (this.#byName.get(hello.serverName.toLowerCase()) ?? []);
    const lists = [first === undefined ? [] : [first], named, this.#nameless];
    return new Run(hello.record, lists, this.#innerKeys, this.#outerKeys);
  }
}

class Run implements HelloSearchRun {
  found: number | undefined = undefined;
  readonly #record: Buffer;
  readonly #lists: readonly (readonly number[])[];
  readonly #innerKeys: readonly Buffer[];
  readonly #outerKeys: readonly Buffer[];
  /** The proof in the hello, as hexadecimal digits: that form of a hash costs the least. */
  readonly #proof: string;
  #list = 0;
  #at = 0;

  constructor(
    record: Buffer,
    lists: readonly (readonly number[])[],
    innerKeys: readonly Buffer[],
    outerKeys: readonly Buffer[],
  ) {
    this.#record = record;
    this.#lists = lists;
    this.#innerKeys = innerKeys;
    this.#outerKeys = outerKeys;
    this.#proof = record.toString('hex', RANDOM_AT, RANDOM_AT + PROOF_LENGTH);
  }

  step(): boolean {
    const message = messageOf(this.#record);
    const perLook = Math.max(1, Math.floor(BYTES_PER_LOOK / message.length));
    const until = performance.now() + STEP_MS;
    do {
      for (let i = 0; i < perLook; i += 1) {
        const index = this.#next();
        if (index === undefined) return true;
        if (!this.#fits(index, message)) continue;
        this.found = index;
        this.#list = this.#lists.length;
        return true;
      }
    } while (performance.now() < until);
    return false;
  }

  #next(): number | undefined {
    for (; this.#list < this.#lists.length; this.#list += 1, this.#at = 0) {
      const index = this.#lists[this.#list]?.[this.#at];
      if (index === undefined) continue;
      this.#at += 1;
      return index;
    }
    return undefined;
  }

  #fits(index: number, message: Buffer): boolean {
    const innerKey = this.#innerKeys[index];
    const outerKey = this.#outerKeys[index];
    if (innerKey === undefined || outerKey === undefined) return false;
    message.set(innerKey);
    outer.set(outerKey);
    outer.write(hash('sha256', message, 'hex'), BLOCK, DIGEST, 'hex');
    return isEqual(hash('sha256', outer, 'hex'), this.#proof);
  }
}

/** The inner hash's input, but for the key. */
function messageOf(record: Buffer): Buffer {
  const length = BLOCK + record.length;
  if (length > inner.length) inner = Buffer.alloc(length);
  const message = inner.subarray(0, length);
  message.fill(0x36, 0, BLOCK);
  message.set(record, BLOCK);
  message.fill(0, BLOCK + RANDOM_AT, BLOCK + RANDOM_AT + RANDOM_LENGTH);
  outer.fill(0x5c, 0, BLOCK);
  return message;
}

function padded(key: Buffer, pad: number): Buffer {
  return Buffer.from(key.map((byte) => byte ^ pad));
}

/** Whether a digest begins with the proof, in a time that does not depend on where they differ. */
function isEqual(digest: string, proof: string): boolean {
  let difference = 0;
  for (let i = 0; i < proof.length; i += 1) difference |= digest.charCodeAt(i) ^ proof.charCodeAt(i);
  return difference === 0;
}
