import type { Buffer } from 'node:buffer';
import {
  TimerEntry,
  TimerWheel,
  toSluiceError,
  type Counter,
  type Logger,
  type SluiceError,
  type Stats,
} from '@sluice/plugin-api';
import { PathClaim } from '../state/path-claim.js';
import { StateFile } from '../state/state-file.js';
import type { ReplayFilter } from './replay-filter.js';
import { ENTRY_MEMORY, ReplayTable, snapshotLength } from './replay-table.js';
import { MAX_ENTRIES, replayLimits, type ReplaySettings } from './settings.js';

export interface ReplayServices {
  /** The inbound's. */
  readonly tag: string;
  readonly stats: Stats;
  readonly logger: Logger;
  readonly timers: TimerWheel;
  /** Milliseconds since 1970; a test's own, or the system's. */
  readonly clock?: () => number;
}

/** How long new entries wait to be written to the state file, in ms: what a crash may forget. */
const WRITE_AFTER_MS = 30_000;
/** One warning about too little room in this many seconds. */
const WARN_EVERY = 86_400;
const STATE_VERSION = 1;

/** The replay filter of one process: see {@link ReplayTable}. */
export class LocalReplayFilter extends TimerEntry implements ReplayFilter {
  readonly #table: ReplayTable;
  readonly #entries: number;
  readonly #seconds: number;
  readonly #displaced: Counter;
  readonly #logger: Logger;
  readonly #timers: TimerWheel;
  readonly #clock: () => number;
  readonly #file: StateFile | undefined;
  readonly #claim: PathClaim | undefined;
  #countedDisplaced = 0;
  #warned = -Infinity;
  /** Has begun and not ended: new entries are to be written. */
  #keeps = false;
  #changed = false;
  #writing: Promise<void> | undefined;
  #failing = false;

  /** @param timeWindow of fake TLS, in seconds either way */
  constructor(settings: ReplaySettings, timeWindow: number, services: ReplayServices) {
    super();
    const { entries, seconds } = replayLimits(settings, timeWindow);
    this.#table = new ReplayTable(entries, seconds);
    this.#entries = entries;
    this.#seconds = seconds;
    this.#displaced = services.stats.counter(`inbound>>>${services.tag}>>>replay>>>displaced`);
    this.#logger = services.logger;
    this.#timers = services.timers;
    this.#clock = services.clock ?? Date.now;
    const { stateFile } = settings;
    if (stateFile === undefined) return;
    const options = { kind: 'replay', version: STATE_VERSION, maxBytes: snapshotLength(MAX_ENTRIES) };
    this.#file = new StateFile(stateFile, { ...options, logger: this.#logger });
    this.#claim = new PathClaim(this.#file.path);
  }

  /**
   * @throws SluiceError E_MTPROTO_STATE_FILE if the file is something else's or cannot be written,
   *   E_START_FAILED if another inbound has it
   */
  async start(): Promise<void> {
    if (this.#file === undefined) return;
    this.#claim?.take('handshakes');
    const snapshot = await this.#file.read();
    if (snapshot !== undefined && !this.#table.restore(snapshot, this.#now())) {
      this.#logger.warn(
        `begins without the handshakes in ${this.#file.path}: another kind of machine has written them`,
      );
    }
    // A path that cannot be written is better found now than when it is needed.
    await this.#file.write(this.#table.snapshot());
    this.#keeps = true;
  }

  add(key: Buffer): boolean {
    const isNew = this.#table.add(key, this.#now());
    if (!isNew) return false;
    if (this.#table.displaced !== this.#countedDisplaced) this.#countDisplaced();
    if (this.#keeps && !this.#changed) {
      this.#changed = true;
      this.#schedule();
    }
    return true;
  }

  onTimer(): void {
    // One at a time: a slow disk is asked again when it has answered.
    if (this.#writing === undefined) this.#write();
  }

  async close(): Promise<void> {
    if (this.#keeps) {
      this.#keeps = false;
      this.#timers.cancel(this);
      await this.#writing;
      if (this.#changed) this.#write();
      await this.#writing;
    }
    this.#claim?.release();
  }

  #now(): number {
    return Math.floor(this.#clock() / 1000);
  }

  #countDisplaced(): void {
    const count = this.#table.displaced - this.#countedDisplaced;
    this.#countedDisplaced += count;
    this.#displaced.add(count);
    const now = this.#now();
    if (now - this.#warned < WARN_EVERY) return;
    this.#warned = now;
    const age = this.#table.displacedAge;
    const needed = Math.min(MAX_ENTRIES, Math.ceil((this.#entries * this.#seconds) / Math.max(1, age)));
    this.#logger.warn(
      `the replay filter is full: it remembers the handshakes of ${age} s instead of ${this.#seconds} s. ` +
        `Set "replay.entries" to ${needed} or more (${ENTRY_MEMORY} bytes each), or "replay.seconds" to ${Math.max(1, age)} or less`,
    );
  }

  #schedule(): void {
    this.#timers.schedule(this, TimerWheel.ticks(WRITE_AFTER_MS));
  }

  #write(): void {
    if (this.#file === undefined) return;
    this.#changed = false;
    this.#writing = this.#file.write(this.#table.snapshot()).then(
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
    // Once, not every time.
    if (error !== undefined) this.#logger.error(`handshakes cannot be kept: ${error.message}`, { code: error.code });
    else this.#logger.info('handshakes are kept again');
  }
}
