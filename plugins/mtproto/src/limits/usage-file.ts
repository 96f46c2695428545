import { SluiceError, TimerEntry, TimerWheel, toSluiceError, type Logger } from '@sluice/plugin-api';
import type { MemoryLedger, UsageObserver } from './memory-ledger.js';
import { PathClaim } from '../state/path-claim.js';
import { UsageTable } from './usage-table.js';

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

/** Keeps what users have used of their quotas from one run to the next. */
export class UsageFile extends TimerEntry implements UsageObserver {
  readonly #store: UsageStore;
  readonly #logger: Logger;
  readonly #timers: TimerWheel;
  readonly #claim: PathClaim;
  readonly #kept: { readonly key: Buffer; readonly ledger: MemoryLedger }[] = [];
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

  /** To be called before the start. @param key what the user is known by in every run */
  keep(key: Buffer, ledger: MemoryLedger): void {
    this.#kept.push({ key, ledger });
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
    for (const { key, ledger } of this.#kept) {
      const before = table.claim(key, ledger);
      if (before !== undefined) ledger.restore(before.up, before.down);
    }
    await this.#store.write(table.encode());
    this.#table = table;
    for (const { ledger } of this.#kept) ledger.observer = this;
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
    for (const { ledger } of this.#kept) ledger.observer = undefined;
    await this.#writing;
    if (this.#changed) this.#write();
    await this.#writing;
    // A write that failed has asked for another.
    this.#timers.cancel(this);
    this.#claim.release();
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
