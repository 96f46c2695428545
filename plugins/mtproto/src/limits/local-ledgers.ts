import type { LimitSettings } from './limit-settings.js';
import { MemoryLedger } from './memory-ledger.js';
import type { UsageFile } from './usage-file.js';
import type { Ledgers, UserLedger } from './user-ledger.js';

interface Opened {
  readonly key: Buffer;
  readonly ledger: MemoryLedger;
  readonly hasQuota: boolean;
}

/** The usage files that inbounds which succeeded each other have open, by path. */
export type OpenUsageFiles = Map<string, UsageFile>;

/** Ledgers for one process, kept in a file between two runs if there is one. */
export class LocalLedgers implements Ledgers {
  readonly #opened = new Map<string, Opened>();
  /** Not started; another one with the same path takes its place where that is open already. */
  #usage: UsageFile | undefined;
  #files: OpenUsageFiles = new Map();
  #previous: LocalLedgers | undefined;
  /** What is opened from now on is kept at once. */
  #keeps = false;

  constructor(usage?: UsageFile) {
    this.#usage = usage;
  }

  open(key: Buffer, limits: LimitSettings): UserLedger {
    const ledger = new MemoryLedger(limits);
    const opened = { key, ledger, hasQuota: limits.quota !== undefined };
    this.#opened.set(key.toString('hex'), opened);
    if (this.#keeps) this.#keep(opened);
    return ledger;
  }

  release(key: Buffer): void {
    const name = key.toString('hex');
    const opened = this.#opened.get(name);
    if (opened === undefined) return;
    this.#opened.delete(name);
    opened.ledger.close();
    if (this.#keeps && opened.hasQuota) this.#usage?.forgo(key);
  }

  succeed(previous: Ledgers): void {
    if (!(previous instanceof LocalLedgers)) return;
    this.#previous = previous;
    this.#files = previous.#files;
  }

  async start(): Promise<void> {
    // The links from one to the next would keep all of them for ever.
    const previous = this.#previous;
    this.#previous = undefined;
    if (previous !== undefined) this.#share(previous);
    await this.#openFile();
    this.#keeps = true;
    for (const opened of this.#opened.values()) this.#keep(opened);
  }

  async close(): Promise<void> {
    const isKept = this.#keeps;
    this.#keeps = false;
    const usage = this.#usage;
    this.#usage = undefined;
    if (usage !== undefined) {
      const keys = isKept ? [...this.#opened.values()].filter(({ hasQuota }) => hasQuota).map(({ key }) => key) : [];
      const isOver = usage.leave(keys);
      if (isOver && this.#files.get(usage.path) === usage) this.#files.delete(usage.path);
      if (isOver) await usage.close();
    }
    for (const { ledger } of this.#opened.values()) ledger.close();
  }

  #share(previous: LocalLedgers): void {
    for (const [name, { ledger }] of this.#opened) {
      const before = previous.#opened.get(name);
      if (before !== undefined) ledger.share(before.ledger.counts);
    }
  }

  async #openFile(): Promise<void> {
    const usage = this.#usage;
    if (usage === undefined) return;
    const open = this.#files.get(usage.path);
    if (open === undefined) {
      usage.join();
      await usage.start();
      this.#files.set(usage.path, usage);
    } else {
      open.join();
      this.#usage = open;
    }
  }

  #keep({ key, ledger, hasQuota }: Opened): void {
    if (!hasQuota || this.#usage === undefined) return;
    const kept = this.#usage.keep(key, ledger.counts);
    if (kept !== ledger.counts) ledger.share(kept);
  }
}
