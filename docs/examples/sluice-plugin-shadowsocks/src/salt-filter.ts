import type { Buffer } from 'node:buffer';

/** About 100 bytes each, twice so many at most. */
const CAPACITY = 100_000;

/**
 * Remembers the salts of streams or packets that were authentic, at least the newest so many: a recorded
 * one is known by its salt. In the memory of this process, so a restart forgets them.
 */
export class SaltFilter {
  readonly #capacity: number;
  #fresh = new Set<string>();
  #old = new Set<string>();

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  /** Whether the salt is new; it is remembered now. Only what was authentic is to be added. */
  add(salt: Buffer): boolean {
    const key = salt.toString('latin1');
    if (this.#fresh.has(key) || this.#old.has(key)) return false;
    if (this.#fresh.size >= this.#capacity) {
      this.#old = this.#fresh;
      this.#fresh = new Set();
    }
    this.#fresh.add(key);
    return true;
  }
}
