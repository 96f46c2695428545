import { SluiceError, TimerEntry, TimerWheel, toSluiceError, type Logger } from '@sluice/plugin-api';
import { PathClaim } from '../state/path-claim.js';
import { UsageTable } from './usage-table.js';
import type { UserCounts, UsageObserver } from './user-counts.js';

/** Where usage is kept: a file, as a whole, written so that a crash leaves the one before or the new one. */
export interface UsageStore {
  readonly path: string;
  /** Undefined: there is nothing yet. @throws SluiceError */
  read(): Promise<Buffer | undefined>;
  /** @throws SluiceError */
  write(bytes: Buffer): Promise<void>;
}

/** How long changes wait to be written, in ms; what a crash may forget. */
const WRITE_AFTER_MS = 10_000;
/** The same once a quota is passed: the user must not be let in again by a crash. */
const WRITE_SOON_MS = 100;

/** A user's counts, and how many inbounds want them kept. */
interface Kept {
  readonly key: Buffer;
  readonly counts: UserCounts;
  holders: number;
}

/**
 * Keeps what users have used of their quotas from one run to the next. An inbound and the one that
 * succeeds it keep it in one file together: it has one writer, and who leaves last closes it.
 */
export class UsageFile extends TimerEntry implements UsageObserver {
  readonly #store: UsageStore;
  readonly #logger: Logger;
  readonly #timers: TimerWheel;
  readonly #claim: PathClaim;
  readonly #kept = new Map<string, Kept>();
  #holders = 0;
  #table: UsageTable | undefined;
  /** Something has been used that is not on its way to the file. */
  #changed = false;
  /** What has changed should be written as soon as nothing else is. */
  #urgent = false;
  #failing = false;
  #writing: Promise<void> | undefined;

  constructor(store: UsageStore, services: { readonly logger: Logger; readonly timers: TimerWheel }) {
    super();
    this.#store = store;
    this.#claim = new PathClaim(store.path);
    this.#logger = services.logger;
    this.#timers = services.timers;
  }

  get path(): string {
    return this.#store.path;
  }

  /** One more inbound uses it. */
  join(): void {
    this.#holders += 1;
  }

  /**
   * One inbound less uses it.
   * @param keys whom it has kept there
   * @returns whether it was the last one, who has to close it; all are kept until then
   */
  leave(keys: readonly Buffer[]): boolean {
    this.#holders -= 1;
    if (this.#holders <= 0) return true;
    for (const key of keys) this.forgo(key);
    return false;
  }

  /**
   * Before the start or behind it.
   * @param key what the user is known by in every run
   * @returns what is kept: other counts, if the user is kept already
   */
  keep(key: Buffer, counts: UserCounts): UserCounts {
    const name = key.toString('hex');
    const known = this.#kept.get(name);
    if (known !== undefined) {
      known.holders += 1;
      return known.counts;
    }
    const kept = { key, counts, holders: 1 };
    this.#kept.set(name, kept);
    if (this.#table === undefined) return counts;
    this.#claimIn(this.#table, kept);
    counts.observe(this);
    // It may have been used before it was kept here.
    if (counts.up + counts.down > 0) this.used(false);
    return counts;
  }

  /** One inbound less wants the user kept. What was used stays in the file, as that of former users. */
  forgo(key: Buffer): void {
    const name = key.toString('hex');
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    kept.holders -= 1;
    if (kept.holders > 0) return;
    this.#kept.delete(name);
    kept.counts.unobserve(this);
    this.#table?.release(key);
  }

  /**
   * Takes over what was used before; the file is there, and can be written, when it is done.
   * @throws SluiceError E_START_FAILED, E_MTPROTO_STATE_FILE
   */
  async start(): Promise<void> {
    this.#claim.take('usage');
    const bytes = await this.#store.read();
    const table = bytes === undefined ? UsageTable.create() : UsageTable.decode(bytes);
    if (table === undefined) {
      throw new SluiceError(
        'E_START_FAILED',
        `"${this.#store.path}" does not hold usage: name another "usageFile", or move this one away to begin anew`,
      );
    }
    for (const kept of this.#kept.values()) this.#claimIn(table, kept);
    await this.#store.write(table.encode());
    this.#table = table;
    for (const { counts } of this.#kept.values()) counts.observe(this);
  }

  used(passed: boolean): void {
    if (passed) this.#urgent = true;
    if (passed || !this.#changed) this.#schedule();
    this.#changed = true;
  }

  onTimer(): void {
    // One at a time: a slow disk is asked again when it has answered.
    if (this.#writing === undefined) this.#write();
    else this.#urgent = true;
  }

  /** Writes what is not written yet. Does nothing if the start did not succeed. */
  async close(): Promise<void> {
    this.#timers.cancel(this);
    for (const { counts } of this.#kept.values()) counts.unobserve(this);
    await this.#writing;
    if (this.#changed) this.#write();
    await this.#writing;
    // A write that failed has asked for another.
    this.#timers.cancel(this);
    this.#claim.release();
  }

  #claimIn(table: UsageTable, { key, counts }: Kept): void {
    const before = table.claim(key, counts);
    if (before !== undefined) counts.restore(before.up, before.down);
  }

  #schedule(): void {
    this.#timers.schedule(this, TimerWheel.ticks(this.#urgent ? WRITE_SOON_MS : WRITE_AFTER_MS));
  }

  #write(): void {
    const table = this.#table;
    if (table === undefined) return;
    this.#changed = false;
    this.#urgent = false;
    this.#writing = this.#store.write(table.encode()).then(
      () => this.#written(undefined),
      (error: unknown) => this.#written(toSluiceError(error)),
    );
  }

  #written(error: SluiceError | undefined): void {
    this.#writing = undefined;
    if (error !== undefined) this.#changed = true;
    // What came meanwhile, or could not be written, waits for the next time.
    if (this.#changed) this.#schedule();
    if (this.#failing === (error !== undefined)) return;
    this.#failing = error !== undefined;
    // Once, not every ten seconds.
    if (error !== undefined) this.#logger.error(`used quotas cannot be kept: ${error.message}`, { code: error.code });
    else this.#logger.info('used quotas are kept again');
  }
}
