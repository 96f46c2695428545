import type { LimitSettings } from './limit-settings.js';
import { MemoryLedger } from './memory-ledger.js';
import type { UsageFile } from './usage-file.js';
import type { Ledgers, UserLedger } from './user-ledger.js';

/** Ledgers for one process, kept in a file between two runs if there is one. */
export class LocalLedgers implements Ledgers {
  readonly #usage: UsageFile | undefined;

  constructor(usage?: UsageFile) {
    this.#usage = usage;
  }

  open(key: Buffer, limits: LimitSettings): UserLedger {
    const ledger = new MemoryLedger(limits);
    if (limits.quota !== undefined) this.#usage?.keep(key, ledger);
    return ledger;
  }

  start(): void | Promise<void> {
    return this.#usage?.start();
  }

  close(): void | Promise<void> {
    return this.#usage?.close();
  }
}
