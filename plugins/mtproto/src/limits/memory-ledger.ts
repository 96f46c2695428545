import type { LimitSettings } from './limit-settings.js';
import { UserCounts, type QuotaHolder } from './user-counts.js';
import type { LedgerOwner, LedgerRefusal, UserLedger } from './user-ledger.js';

/** A ledger in this process's memory: limits, and the counts that they are held against. */
export class MemoryLedger implements UserLedger, QuotaHolder {
  owner: LedgerOwner | undefined;
  #counts = new UserCounts();
  readonly #maxConnections: number;
  readonly #maxUp: number;
  readonly #maxDown: number;
  readonly #maxTotal: number;
  readonly #maxSources: number;
  #passed = false;

  constructor({ maxConnections, maxSourceIPs, quota }: LimitSettings) {
    this.#maxConnections = maxConnections ?? Infinity;
    this.#maxUp = quota?.up ?? Infinity;
    this.#maxDown = quota?.down ?? Infinity;
    this.#maxTotal = quota?.total ?? Infinity;
    this.#maxSources = maxSourceIPs ?? Infinity;
    this.#counts.hold(this);
  }

  get counts(): UserCounts {
    return this.#counts;
  }

  /** Goes on with the counts of another ledger. To be called before the first connection. */
  share(counts: UserCounts): void {
    this.#counts.letGo(this);
    this.#counts = counts;
    counts.hold(this);
  }

  /** What is counted from now on is not held against these limits any more. */
  close(): void {
    this.#counts.letGo(this);
  }

  enter(source?: string): LedgerRefusal | undefined {
    const { up, down, connections, sources } = this.#counts;
    // Nothing is left to transfer: with the quota used up exactly, a new connection is of no use.
    if (up >= this.#maxUp || down >= this.#maxDown || up + down >= this.#maxTotal) return 'quota';
    if (connections >= this.#maxConnections) return 'maxConnections';
    if (source !== undefined) {
      const here = sources.get(source) ?? 0;
      if (here === 0 && sources.size >= this.#maxSources) return 'maxSourceIPs';
      sources.set(source, here + 1);
    }
    this.#counts.connections += 1;
    return undefined;
  }

  leave(source?: string): void {
    const { sources } = this.#counts;
    this.#counts.connections -= 1;
    if (source === undefined) return;
    const left = (sources.get(source) ?? 0) - 1;
    if (left > 0) sources.set(source, left);
    else sources.delete(source);
  }

  /** Up to the quota, to the byte, all is delivered; the chunk that goes beyond it ends the user's connections. */
  spend(up: number, down: number): void {
    this.#counts.spend(up, down);
  }

  passes(): boolean {
    if (this.#passed) return false;
    const { up, down } = this.#counts;
    this.#passed = up > this.#maxUp || down > this.#maxDown || up + down > this.#maxTotal;
    return this.#passed;
  }

  quotaPassed(): void {
    this.owner?.quotaPassed();
  }
}
