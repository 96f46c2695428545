import type { LedgerOwner, LedgerRefusal, UserLedger } from './user-ledger.js';
import type { LimitSettings } from './limit-settings.js';

/** Who wants to know that bytes were counted. */
export interface UsageObserver {
  /** Called for every chunk. @param passed for the first time beyond the quota */
  used(passed: boolean): void;
}

/** A ledger in this process's memory. */
export class MemoryLedger implements UserLedger {
  owner: LedgerOwner | undefined;
  /** Set where usage is kept. */
  observer: UsageObserver | undefined;
  /** Bytes used so far. What passes the quota is counted but not delivered. */
  up = 0;
  down = 0;
  readonly #maxConnections: number;
  readonly #maxUp: number;
  readonly #maxDown: number;
  readonly #maxTotal: number;
  readonly #maxSources: number;
  /** Connections by source; undefined where nobody asks. */
  readonly #sources: Map<string, number> | undefined;
  #connections = 0;
  #passed = false;

  constructor({ maxConnections, maxSourceIPs, quota }: LimitSettings) {
    this.#maxConnections = maxConnections ?? Infinity;
    this.#maxUp = quota?.up ?? Infinity;
    this.#maxDown = quota?.down ?? Infinity;
    this.#maxTotal = quota?.total ?? Infinity;
    this.#maxSources = maxSourceIPs ?? Infinity;
    this.#sources = maxSourceIPs === undefined ? undefined : new Map();
  }

  get connections(): number {
    return this.#connections;
  }

  get sources(): number {
    return this.#sources?.size ?? 0;
  }

  enter(source: string): LedgerRefusal | undefined {
    // Nothing is left to transfer: with the quota used up exactly, a new connection is of no use.
    if (this.up >= this.#maxUp || this.down >= this.#maxDown || this.up + this.down >= this.#maxTotal) return 'quota';
    if (this.#connections >= this.#maxConnections) return 'maxConnections';
    if (this.#sources !== undefined) {
      const here = this.#sources.get(source) ?? 0;
      if (here === 0 && this.#sources.size >= this.#maxSources) return 'maxSourceIPs';
      this.#sources.set(source, here + 1);
    }
    this.#connections += 1;
    return undefined;
  }

  leave(source: string): void {
    this.#connections -= 1;
    if (this.#sources === undefined) return;
    const left = (this.#sources.get(source) ?? 0) - 1;
    if (left > 0) this.#sources.set(source, left);
    else this.#sources.delete(source);
  }

  /** Up to the quota, to the byte, all is delivered; the chunk that goes beyond it ends the user's connections. */
  spend(up: number, down: number): void {
    this.up += up;
    this.down += down;
    const passed = this.up > this.#maxUp || this.down > this.#maxDown || this.up + this.down > this.#maxTotal;
    const first = passed && !this.#passed;
    if (first) this.#passed = true;
    this.observer?.used(first);
    if (first) this.owner?.quotaPassed();
  }

  /** Takes over what was used before a restart. */
  restore(up: number, down: number): void {
    this.up = up;
    this.down = down;
  }
}
