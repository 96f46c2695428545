import { TimerEntry, TimerWheel, toSluiceError, type Logger, type SluiceError } from '@sluice/plugin-api';
import { PathClaim } from '../state/path-claim.js';
import { StateFile } from '../state/state-file.js';
import { snapshotLength } from './replay-table.js';
import { MAX_ENTRIES } from './settings.js';

/** How long new entries wait to be written to the state file, in ms: what a crash may forget. */
const WRITE_AFTER_MS = 30_000;
const STATE_VERSION = 1;

export interface ReplayFileOptions {
  readonly logger: Logger;
  readonly timers: TimerWheel;
  /** What is to be written. */
  readonly snapshot: () => Uint8Array;
}

/** Keeps handshakes from one run to the next. Several filters that remember together may use it: it has one writer. */
export class ReplayFile extends TimerEntry {
  /** How many filters use it. */
  holders = 0;
  readonly #options: ReplayFileOptions;
  readonly #file: StateFile;
  readonly #claim: PathClaim;
  /** Has begun and not ended: new entries are to be written. */
  #keeps = false;
  #changed = false;
  #writing: Promise<void> | undefined;
  #failing = false;

  /** @param path absolute */
  constructor(path: string, options: ReplayFileOptions) {
    super();
    this.#options = options;
    const { logger } = options;
    const maxBytes = snapshotLength(MAX_ENTRIES);
    this.#file = new StateFile(path, { kind: 'replay', version: STATE_VERSION, maxBytes, logger });
    this.#claim = new PathClaim(path);
  }

  get path(): string {
    return this.#file.path;
  }

  /**
   * @param restore takes what a former run has left; false if it cannot
   * @throws SluiceError E_MTPROTO_STATE_FILE if the file is something else's or cannot be written,
   *   E_START_FAILED if another inbound has it
   */
  async start(restore: (snapshot: Buffer) => boolean): Promise<void> {
    this.#claim.take('handshakes');
    const snapshot = await this.#file.read();
    if (snapshot !== undefined && !restore(snapshot)) {
      this.#options.logger.warn(
        `begins without the handshakes in ${this.path}: another kind of machine has written them`,
      );
    }
    // A path that cannot be written is better found now than when it is needed.
    await this.#file.write(this.#options.snapshot());
    this.#keeps = true;
  }

  /** Something has been remembered. */
  changed(): void {
    if (!this.#keeps || this.#changed) return;
    this.#changed = true;
    this.#schedule();
  }

  onTimer(): void {
    // One at a time: a slow disk is asked again when it has answered.
    if (this.#writing === undefined) this.#write();
  }

  /** Writes what is not written yet. Safe after a start that failed, and twice. */
  async close(): Promise<void> {
    if (this.#keeps) {
      this.#keeps = false;
      this.#options.timers.cancel(this);
      await this.#writing;
      if (this.#changed) this.#write();
      await this.#writing;
    }
    this.#claim.release();
  }

  #schedule(): void {
    this.#options.timers.schedule(this, TimerWheel.ticks(WRITE_AFTER_MS));
  }

  #write(): void {
    this.#changed = false;
    this.#writing = this.#file.write(this.#options.snapshot()).then(
      () => this.#written(undefined),
      (error: unknown) => this.#written(toSluiceError(error)),
    );
  }

  #written(error: SluiceError | undefined): void {
    this.#writing = undefined;
    if (error !== undefined) this.#changed = true;
    // What came meanwhile, or could not be written, waits for the next time.
    if (this.#changed && this.#keeps) this.#schedule();
    if (this.#failing === (error !== undefined)) return;
    this.#failing = error !== undefined;
    const { logger } = this.#options;
    // Once, not every time.
    if (error !== undefined) logger.error(`handshakes cannot be kept: ${error.message}`, { code: error.code });
    else logger.info('handshakes are kept again');
  }
}
