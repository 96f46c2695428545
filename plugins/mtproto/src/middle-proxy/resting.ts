const FIRST_REST_MS = 10_000;
const LONGEST_REST_MS = 10 * 60_000;

interface Rest {
  failures: number;
  until: number;
}

/** Addresses that failed, and until when they are left alone: longer each time in a row. */
export class Resting {
  readonly #rests = new Map<string, Rest>();
  readonly #now: () => number;

  /** @param now in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Of several failures at once only one counts. */
  failed(address: string): void {
    const rest = this.#rests.get(address) ?? { failures: 0, until: 0 };
    if (rest.until > this.#now()) return;
    rest.until = this.#now() + Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** rest.failures);
    rest.failures += 1;
    this.#rests.set(address, rest);
  }

  worked(address: string): void {
    this.#rests.delete(address);
  }

  isResting(address: string): boolean {
    const rest = this.#rests.get(address);
    return rest !== undefined && rest.until > this.#now();
  }

  /** Forgets all but these. */
  keepOnly(addresses: ReadonlySet<string>): void {
    for (const address of this.#rests.keys()) if (!addresses.has(address)) this.#rests.delete(address);
  }
}
