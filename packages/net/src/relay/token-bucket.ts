import { TimerEntry, type TimerWheel } from '../timer-wheel.js';

/** What waits until bytes may flow again. */
export interface BucketWaiter {
  onRefill(): void;
}

const TICKS_PER_SECOND = 10;
/** About what a waiter takes once it is woken: one read. */
const EXPECTED_TAKE = 64 * 1024;

/**
 * A rate in bytes a second that any number of relays share. It holds one second's worth; what is
 * taken beyond that is a debt that is waited off, so the rate holds although reads come in whole
 * chunks. Those who wait are served in turn.
 */
export class TokenBucket extends TimerEntry {
  readonly #timers: TimerWheel;
  readonly #perTick: number;
  readonly #capacity: number;
  readonly #waiting = new Set<BucketWaiter>();
  #level: number;
  #filledAt: number;

  /** @param bytesPerSecond above 0 */
  constructor(timers: TimerWheel, bytesPerSecond: number) {
    super();
    this.#timers = timers;
    this.#perTick = bytesPerSecond / TICKS_PER_SECOND;
    this.#capacity = bytesPerSecond;
    this.#level = bytesPerSecond;
    this.#filledAt = timers.now;
  }

  /** Notes bytes that have flowed. False: no more for now; {@link wait} tells when. */
  take(bytes: number): boolean {
    this.#fill();
    this.#level -= bytes;
    return this.#level > 0 && this.#waiting.size === 0;
  }

  wait(waiter: BucketWaiter): void {
    this.#waiting.add(waiter);
    if (this.wheelDue < 0) this.#timers.schedule(this, this.#ticksToWait());
  }

  /** Waits no more. */
  leave(waiter: BucketWaiter): void {
    this.#waiting.delete(waiter);
    if (this.#waiting.size === 0) this.#timers.cancel(this);
  }

  onTimer(): void {
    this.#fill();
    let budget = this.#level;
    // Those who take at once and wait again are met a second time: the level stops them.
    for (const waiter of this.#waiting) {
      if (budget <= 0 || this.#level <= 0) break;
      this.#waiting.delete(waiter);
      budget -= EXPECTED_TAKE;
      waiter.onRefill();
    }
    if (this.#waiting.size > 0) this.#timers.schedule(this, this.#ticksToWait());
  }

  #fill(): void {
    const { now } = this.#timers;
    this.#level = Math.min(this.#capacity, this.#level + (now - this.#filledAt) * this.#perTick);
    this.#filledAt = now;
  }

  #ticksToWait(): number {
    return this.#level > 0 ? 1 : Math.max(1, Math.ceil(-this.#level / this.#perTick));
  }
}
