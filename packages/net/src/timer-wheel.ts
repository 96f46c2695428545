const TICK_MS = 100;
const SLOTS = 512;
/** The most that one turn goes forward. */
const MAX_STEP = 5;
const UNSCHEDULED = -1;
/** Due in this very tick; a cancel or a new schedule still takes it out. */
const FIRING = -2;

/** Something that wants to be woken once. Reusable: schedule the same object again and again. */
export abstract class TimerEntry {
  /** @internal */ wheelPrevious: TimerEntry | null = null;
  /** @internal */ wheelNext: TimerEntry | null = null;
  /** @internal tick at which the entry is due; negative while it is not scheduled */
  wheelDue = UNSCHEDULED;

  /** Called once when due. Must not throw. */
  abstract onTimer(): void;
}

class CallbackEntry extends TimerEntry {
  constructor(readonly callback: () => void) {
    super();
  }

  onTimer(): void {
    this.callback();
  }
}

/**
 * A hashed timer wheel (Varghese and Lauck, 1987) of 100 ms ticks: scheduling and cancelling are
 * O(1), and fifty thousand connections cost one system timer. It runs only while it has entries.
 */
export class TimerWheel {
  readonly #slots: (TimerEntry | null)[] = new Array<TimerEntry | null>(SLOTS).fill(null);
  #interval: NodeJS.Timeout | null = null;
  #started = 0;
  #count = 0;
  /** The current tick; compare and store it to note activity without asking the system's clock. */
  now = 0;

  /** Entries waiting. */
  get size(): number {
    return this.#count;
  }

  /** Ticks for a duration in ms, at least one. */
  static ticks(ms: number): number {
    return Math.max(1, Math.ceil(ms / TICK_MS));
  }

  /** (Re)schedules an entry to be due in that many ticks. */
  schedule(entry: TimerEntry, ticks: number): void {
    if (entry.wheelDue >= 0) this.#unlink(entry);
    this.#ensureRunning();
    // One tick more: part of the current one has already passed.
    this.#link(entry, this.now + Math.max(1, ticks) + 1);
  }

  /** Calls back once after `ms`; returns the entry to cancel it with. */
  after(ms: number, callback: () => void): TimerEntry {
    const entry = new CallbackEntry(callback);
    this.schedule(entry, TimerWheel.ticks(ms));
    return entry;
  }

  /** Takes it back; one that has fired or was taken back already does no harm. */
  cancel(entry: TimerEntry): void {
    if (entry.wheelDue < 0) {
      entry.wheelDue = UNSCHEDULED;
      return;
    }
    this.#unlink(entry);
    if (this.#count === 0) this.#stop();
  }

  #ensureRunning(): void {
    if (this.#interval !== null) return;
    this.#started = performance.now() - this.now * TICK_MS;
    this.#interval = setInterval(() => this.#advance(), TICK_MS);
  }

  #stop(): void {
    if (this.#interval === null) return;
    clearInterval(this.#interval);
    this.#interval = null;
  }

  #advance(): void {
    let target = Math.floor((performance.now() - this.#started) / TICK_MS);
    if (target - this.now > MAX_STEP) {
      // The process stood still. What arrived meanwhile is read after this: it was not silence.
      this.#started += (target - this.now - MAX_STEP) * TICK_MS;
      target = this.now + MAX_STEP;
    }
    while (this.now < target) {
      this.now += 1;
      this.#expire(this.now);
    }
    if (this.#count === 0) this.#stop();
  }

  #expire(tick: number): void {
    // Collected first: a callback may cancel or schedule its neighbours.
    const due: TimerEntry[] = [];
    let entry = this.#slots[tick % SLOTS] ?? null;
    while (entry !== null) {
      const next: TimerEntry | null = entry.wheelNext;
      if (entry.wheelDue <= tick) {
        this.#unlink(entry);
        entry.wheelDue = FIRING;
        due.push(entry);
      }
      entry = next;
    }
    for (const fired of due) {
      if (fired.wheelDue !== FIRING) continue;
      fired.wheelDue = UNSCHEDULED;
      fired.onTimer();
    }
  }

  #link(entry: TimerEntry, due: number): void {
    const index = due % SLOTS;
    const head = this.#slots[index] ?? null;
    entry.wheelDue = due;
    entry.wheelPrevious = null;
    entry.wheelNext = head;
    if (head !== null) head.wheelPrevious = entry;
    this.#slots[index] = entry;
    this.#count += 1;
  }

  #unlink(entry: TimerEntry): void {
    if (entry.wheelPrevious !== null) entry.wheelPrevious.wheelNext = entry.wheelNext;
    else this.#slots[entry.wheelDue % SLOTS] = entry.wheelNext;
    if (entry.wheelNext !== null) entry.wheelNext.wheelPrevious = entry.wheelPrevious;
    entry.wheelPrevious = null;
    entry.wheelNext = null;
    entry.wheelDue = UNSCHEDULED;
    this.#count -= 1;
  }
}
