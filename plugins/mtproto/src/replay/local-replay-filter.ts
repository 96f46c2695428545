import type { Buffer } from 'node:buffer';
import { resolve } from 'node:path';
import type { Counter, Logger, Stats, TimerWheel } from '@sluice/plugin-api';
import { ReplayFile } from './replay-file.js';
import type { ReplayFilter } from './replay-filter.js';
import { ReplayMemory, type HeldTable } from './replay-memory.js';
import { ENTRY_MEMORY } from './replay-table.js';
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

/** One warning about too little room in this many seconds. */
const WARN_EVERY = 86_400;

/** The replay filter of one process: see {@link ReplayMemory}. */
export class LocalReplayFilter implements ReplayFilter {
  readonly #entries: number;
  readonly #seconds: number;
  readonly #displaced: Counter;
  readonly #logger: Logger;
  readonly #timers: TimerWheel;
  readonly #clock: () => number;
  /** Absolute. */
  readonly #path: string | undefined;
  #memory = new ReplayMemory();
  #held: HeldTable | undefined;
  #file: ReplayFile | undefined;
  #isClosed = false;

  /** @param timeWindow of fake TLS, in seconds either way */
  constructor(settings: ReplaySettings, timeWindow: number, services: ReplayServices) {
    const { entries, seconds } = replayLimits(settings, timeWindow);
    this.#entries = entries;
    this.#seconds = seconds;
    this.#displaced = services.stats.counter(`inbound>>>${services.tag}>>>replay>>>displaced`);
    this.#logger = services.logger;
    this.#timers = services.timers;
    this.#clock = services.clock ?? Date.now;
    const { stateFile } = settings;
    this.#path = stateFile === undefined ? undefined : resolve(stateFile);
  }

  /** Remembers, from the start, together with another one, which goes on meanwhile and may be closed at any time. */
  succeed(previous: LocalReplayFilter): void {
    this.#memory = previous.#memory;
  }

  /**
   * @throws SluiceError E_MTPROTO_STATE_FILE if the file is something else's or cannot be written,
   *   E_START_FAILED if another inbound has it
   */
  async start(): Promise<void> {
    this.#isClosed = false;
    const { table } = this.#own();
    if (this.#path === undefined) return;
    const open = this.#memory.files.get(this.#path);
    const options = { logger: this.#logger, timers: this.#timers, snapshot: () => memory.snapshot() };
    const memory = this.#memory;
    const file = open ?? new ReplayFile(this.#path, options);
    file.holders += 1;
    this.#file = file;
    if (open !== undefined) {
      // The table may be another one than before.
      open.changed();
      return;
    }
    await file.start((snapshot) => {
      if (table.size === 0) return table.restore(snapshot, this.#now());
      this.#logger.info(`what ${file.path} held is replaced by what is remembered now`);
      return true;
    });
    this.#memory.files.set(file.path, file);
  }

  add(key: Buffer): boolean {
    const held = this.#own();
    const isNew = this.#memory.add(key, this.#now());
    if (isNew && held.table.displaced !== held.countedDisplaced) this.#countDisplaced(held);
    return isNew;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const file = this.#file;
    if (file !== undefined) {
      file.holders -= 1;
      if (file.holders === 0) {
        if (this.#memory.files.get(file.path) === file) this.#memory.files.delete(file.path);
        await file.close();
      }
    }
    if (this.#held !== undefined) this.#memory.giveBack(this.#held);
  }

  #own(): HeldTable {
    this.#held ??= this.#memory.take(this.#entries, this.#seconds, this.#now());
    return this.#held;
  }

  #now(): number {
    return Math.floor(this.#clock() / 1000);
  }

  #countDisplaced(held: HeldTable): void {
    const { table } = held;
    const count = table.displaced - held.countedDisplaced;
    held.countedDisplaced += count;
    this.#displaced.add(count);
    const now = this.#now();
    if (now - held.warnedAt < WARN_EVERY) return;
    held.warnedAt = now;
    const age = table.displacedAge;
    const needed = Math.min(MAX_ENTRIES, Math.ceil((this.#entries * this.#seconds) / Math.max(1, age)));
    this.#logger.warn(
      `the replay filter is full: it remembers the handshakes of ${age} s instead of ${this.#seconds} s. ` +
        `Set "replay.entries" to ${needed} or more (${ENTRY_MEMORY} bytes each), or "replay.seconds" to ${Math.max(1, age)} or less`,
    );
  }
}
