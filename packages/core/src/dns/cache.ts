/** What is known of a name's addresses of one family. */
export interface CachedAnswer {
  /** Empty: the name has none. */
  readonly addresses: readonly string[];
  /** Whether the name itself exists. */
  readonly exists: boolean;
  /** The place of the server that gave it among those to be asked. */
  readonly rank?: number;
  /** As of Date.now(). */
  readonly expiresAt: number;
}

/** Answers until their time is up: those used last, up to a bound. */
export class AnswerCache {
  readonly #answers = new Map<string, CachedAnswer>();
  readonly #size: number;
  readonly #now: () => number;

  /** @param size how many answers are kept at most */
  constructor(size: number, now: () => number = Date.now) {
    this.#size = size;
    this.#now = now;
  }

  get size(): number {
    return this.#answers.size;
  }

  get(name: string, type: number): CachedAnswer | undefined {
    const key = `${type} ${name}`;
    const found = this.#answers.get(key);
    if (found === undefined) return undefined;
    this.#answers.delete(key);
    if (found.expiresAt <= this.#now()) return undefined;
    this.#answers.set(key, found);
    return found;
  }

  /** @param ttl in seconds; 0 is not kept */
  set(name: string, type: number, answer: Omit<CachedAnswer, 'expiresAt'>, ttl: number): CachedAnswer {
    const kept = { ...answer, expiresAt: this.#now() + ttl * 1000 };
    if (ttl <= 0 || this.#size <= 0) return kept;
    const key = `${type} ${name}`;
    this.#answers.delete(key);
    this.#answers.set(key, kept);
    if (this.#answers.size > this.#size) {
      const [eldest] = this.#answers.keys();
      this.#answers.delete(eldest as string);
    }
    return kept;
  }

  clear(): void {
    this.#answers.clear();
  }
}
