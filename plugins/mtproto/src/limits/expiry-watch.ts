import { TimerEntry, TimerWheel } from '@sluice/plugin-api';

/** What has an end in time. */
export interface Expiring {
  /** In ms since 1970. */
  readonly expiresAt: number;
  /** Called once the time has come; may be called again if watched again. */
  expire(): void;
}

/**
 * The clock is asked again after this long, in ms: it may have been set, the machine may have slept,
 * and no timer goes as far as a date does.
 */
const LOOK_AGAIN_MS = 10_000;

/** One timer for the end that comes first of all that are watched. Runs only while something is. */
export class ExpiryWatch extends TimerEntry {
  readonly #timers: TimerWheel;
  readonly #clock: () => number;
  readonly #watched = new Set<Expiring>();
  #next = Infinity;

  /** @param clock the time in ms since 1970 */
  constructor(timers: TimerWheel, clock: () => number) {
    super();
    this.#timers = timers;
    this.#clock = clock;
  }

  watch(one: Expiring): void {
    this.#watched.add(one);
    if (one.expiresAt >= this.#next) return;
    this.#next = one.expiresAt;
    this.#schedule();
  }

  unwatch(one: Expiring): void {
    this.#watched.delete(one);
    if (this.#watched.size === 0) this.close();
  }

  /** Watches nothing any more. */
  close(): void {
    this.#watched.clear();
    this.#next = Infinity;
    this.#timers.cancel(this);
  }

  onTimer(): void {
    const now = this.#clock();
    for (const one of this.#watched) {
      if (one.expiresAt > now) continue;
      this.#watched.delete(one);
      one.expire();
    }
    this.#next = Infinity;
    for (const { expiresAt } of this.#watched) this.#next = Math.min(this.#next, expiresAt);
    if (this.#watched.size > 0) this.#schedule();
  }

  #schedule(): void {
    const ms = Math.min(LOOK_AGAIN_MS, Math.max(0, this.#next - this.#clock()));
    this.#timers.schedule(this, TimerWheel.ticks(ms));
  }
}
