import { randomBytes } from 'node:crypto';
import { SIP_KEY_LENGTH, SipHash } from './sip-hash.js';

const DIGEST_WORDS = 4;
const SLOTS_PER_ENTRY = 2;
const WORD = 4;
/** Bytes of memory for an entry: digest, time, and its share of the index. */
export const ENTRY_MEMORY = DIGEST_WORDS * WORD + WORD + SLOTS_PER_ENTRY * WORD;
/** Bytes of an entry in a snapshot. */
const ENTRY_SNAPSHOT = DIGEST_WORDS * WORD + WORD;
/** Snapshots are words as this machine has them; this one tells a machine that has them otherwise. */
const BYTE_ORDER = 0x01020304;
/** Hash key, byte order, count. */
const SNAPSHOT_HEADER = SIP_KEY_LENGTH + 2 * WORD;
/** Bytes of a snapshot with so many entries. */
export function snapshotLength(entries: number): number {
  return SNAPSHOT_HEADER + entries * ENTRY_SNAPSHOT;
}

/** Old entries that one `add` takes away: more than it puts in, so that they all go in time. */
const EXPIRED_PER_ADD = 2;

const digest = new Uint32Array(DIGEST_WORDS);

/**
 * Remembers keys, the newest so many of them for so long, exactly: as 128 bits of a keyed hash, in a
 * ring in the order of their coming, with an index by hash (open addressing, linear probing). It
 * makes nothing after its construction, and memory that is not in use yet is not taken.
 */
export class ReplayTable {
  readonly #capacity: number;
  readonly #seconds: number;
  #key: Uint8Array;
  #hash: SipHash;
  readonly #digests: Uint32Array;
  /** When each entry came, in Unix seconds. */
  readonly #times: Uint32Array;
  /** Position in the ring plus one; 0 is free. */
  readonly #slots: Uint32Array;
  readonly #slotOf: number;
  #oldest = 0;
  #size = 0;
  #displaced = 0;
  #displacedAge = 0;

  /** @param seconds how long a key is remembered */
  constructor(entries: number, seconds: number) {
    this.#capacity = entries;
    this.#seconds = seconds;
    this.#key = randomBytes(SIP_KEY_LENGTH);
    this.#hash = new SipHash(this.#key);
    this.#digests = new Uint32Array(entries * DIGEST_WORDS);
    this.#times = new Uint32Array(entries);
    this.#slots = new Uint32Array(entries * SLOTS_PER_ENTRY);
    this.#slotOf = this.#slots.length / 2 ** 32;
  }

  get size(): number {
    return this.#size;
  }

  /** Entries that had to go before their time, because there was no room. */
  get displaced(): number {
    return this.#displaced;
  }

  /** How old the last of them was, in seconds. */
  get displacedAge(): number {
    return this.#displacedAge;
  }

  /** Whether the key is new; it is remembered now. The oldest goes where there is no room. @param now Unix time in seconds */
  add(key: Uint8Array, now: number): boolean {
    this.#hash.hash(key, digest);
    for (let i = 0; i < EXPIRED_PER_ADD && this.#isExpired(this.#oldest, now); i += 1) this.#forgetOldest();
    return this.#insert(now, now);
  }

  /** The entries with the hash's key, to be restored by another run. */
  snapshot(): Buffer {
    const count = this.#size;
    const bytes = Buffer.alloc(snapshotLength(count));
    bytes.set(this.#key);
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / WORD);
    const header = SNAPSHOT_HEADER / WORD;
    words[header - 2] = BYTE_ORDER;
    words[header - 1] = count;
    // The ring in order is its end and then its beginning.
    const first = Math.min(count, this.#capacity - this.#oldest);
    const end = this.#oldest + first;
    words.set(this.#times.subarray(this.#oldest, end), header);
    words.set(this.#times.subarray(0, count - first), header + first);
    const digestsAt = header + count;
    words.set(this.#digests.subarray(this.#oldest * DIGEST_WORDS, end * DIGEST_WORDS), digestsAt);
    words.set(this.#digests.subarray(0, (count - first) * DIGEST_WORDS), digestsAt + first * DIGEST_WORDS);
    return bytes;
  }

  /**
   * Takes over a snapshot's entries, but for those that are too old by now and those that find no
   * room. To be called before the first `add`: what was added under another key is lost.
   * @returns false if the bytes are no snapshot of a machine of this kind
   */
  restore(snapshot: Buffer, now: number): boolean {
    const count = (snapshot.length - SNAPSHOT_HEADER) / ENTRY_SNAPSHOT;
    if (!Number.isInteger(count) || count < 0) return false;
    // Copied to where words may begin.
    const bytes = new Uint8Array(snapshot);
    const words = new Uint32Array(bytes.buffer);
    const header = SNAPSHOT_HEADER / WORD;
    if (words[header - 2] !== BYTE_ORDER || words[header - 1] !== count) return false;
    this.#clear();
    this.#key = bytes.slice(0, SIP_KEY_LENGTH);
    this.#hash = new SipHash(this.#key);
    for (let i = Math.max(0, count - this.#capacity); i < count; i += 1) {
      // A clock that was ahead must not make entries outlive their time.
      const time = Math.min(words[header + i]!, now);
      if (now - time >= this.#seconds) continue;
      const at = header + count + i * DIGEST_WORDS;
      digest.set(words.subarray(at, at + DIGEST_WORDS));
      this.#insert(time, now);
    }
    return true;
  }

  /** Enters `digest`, unless it is there and not too old. */
  #insert(time: number, now: number): boolean {
    const slots = this.#slots;
    let slot = this.#home(digest[0]!);
    for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
      if (this.#isDigest(entry - 1)) {
        if (!this.#isExpired(entry - 1, now)) return false;
        // The entry stays in the ring until its turn comes; the index knows only the new one.
        break;
      }
      slot = this.#after(slot);
    }
    if (this.#size === this.#capacity) {
      if (!this.#isExpired(this.#oldest, now)) {
        this.#displaced += 1;
        this.#displacedAge = Math.max(0, now - this.#times[this.#oldest]!);
      }
      this.#forgetOldest();
      // Which may have moved others into the gap.
      slot = this.#freeSlot();
    }
    let position = this.#oldest + this.#size;
    if (position >= this.#capacity) position -= this.#capacity;
    this.#digests.set(digest, position * DIGEST_WORDS);
    this.#times[position] = time;
    slots[slot] = position + 1;
    this.#size += 1;
    return true;
  }

  /** Where `digest` is or may be put. */
  #freeSlot(): number {
    let slot = this.#home(digest[0]!);
    for (let entry = this.#slots[slot]!; entry !== 0; entry = this.#slots[slot]!) {
      if (this.#isDigest(entry - 1)) break;
      slot = this.#after(slot);
    }
    return slot;
  }

  #forgetOldest(): void {
    const position = this.#oldest;
    const slots = this.#slots;
    this.#oldest = this.#after(position, this.#capacity);
    this.#size -= 1;
    let gap = this.#home(this.#digests[position * DIGEST_WORDS]!);
    while (slots[gap] !== position + 1) {
      // The index has a newer entry of the same digest.
      if (slots[gap] === 0) return;
      gap = this.#after(gap);
    }
    // Those behind the gap move up where it would cut them off from their homes.
    for (let slot = this.#after(gap); slots[slot] !== 0; slot = this.#after(slot)) {
      const home = this.#home(this.#digests[(slots[slot]! - 1) * DIGEST_WORDS]!);
      const isReachable = gap <= slot ? gap < home && home <= slot : gap < home || home <= slot;
      if (isReachable) continue;
      slots[gap] = slots[slot]!;
      gap = slot;
    }
    slots[gap] = 0;
  }

  #isDigest(position: number): boolean {
    const at = position * DIGEST_WORDS;
    const digests = this.#digests;
    return (
      digests[at] === digest[0] &&
      digests[at + 1] === digest[1] &&
      digests[at + 2] === digest[2] &&
      digests[at + 3] === digest[3]
    );
  }

  #isExpired(position: number, now: number): boolean {
    return this.#size > 0 && now - this.#times[position]! >= this.#seconds;
  }

  /** Spreads the hash evenly over any number of slots. */
  #home(hash: number): number {
    return Math.floor(hash * this.#slotOf);
  }

  #after(index: number, end = this.#slots.length): number {
    return index + 1 === end ? 0 : index + 1;
  }

  #clear(): void {
    this.#slots.fill(0);
    this.#oldest = 0;
    this.#size = 0;
  }
}
