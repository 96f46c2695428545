import { TimerEntry, TimerWheel } from '@sluice/plugin-api';

/** A stream whose reader may be slower than the connection that it shares. */
export interface BufferedStream {
  /** Bytes that wait for the reader. */
  readonly waiting: number;
  /** Bytes that the reader has taken so far. */
  readonly bytesRead: number;
  /** The others have waited for it long enough. */
  giveUp(): void;
}

/** While this much waits for one reader, nothing more is read for anybody. */
export const MAX_STREAM_WAITING = 1024 * 1024;
/** The same, for all readers of a connection together. */
export const MAX_TOTAL_WAITING = 8 * 1024 * 1024;
/** So often it is looked who is waited for, in ms. */
export const LOOK_MS = 10_000;
/** Who has taken less than this between two looks, in bytes, is given up. */
export const MIN_TAKEN = 64 * 1024;

export interface SharedReading {
  pause(): void;
  resume(): void;
  /** Whether other streams suffer from one that does not take its bytes. */
  readonly isShared: boolean;
}

/**
 * Mux.Cool has no window for each stream: who does not take its bytes holds up all streams of the
 * connection. This bounds what waits, and for how long the others wait for one that takes nothing.
 */
export class SlowStreams extends TimerEntry {
  readonly #timers: TimerWheel;
  readonly #reading: SharedReading;
  /** Those with bytes that wait, and how much they had taken at the last look. */
  readonly #waited = new Map<BufferedStream, number>();
  readonly #overfull = new Set<BufferedStream>();
  #total = 0;
  #paused = false;

  constructor(timers: TimerWheel, reading: SharedReading) {
    super();
    this.#timers = timers;
    this.#reading = reading;
  }

  /** Nothing is read at present. */
  get paused(): boolean {
    return this.#paused;
  }

  get total(): number {
    return this.#total;
  }

  /** What waits for the stream has changed by so many bytes. */
  change(stream: BufferedStream, by: number): void {
    if (by === 0) return;
    this.#total += by;
    const { waiting } = stream;
    if (waiting === 0) this.#waited.delete(stream);
    else if (!this.#waited.has(stream)) this.#waited.set(stream, stream.bytesRead);
    if (waiting > MAX_STREAM_WAITING) this.#overfull.add(stream);
    else if (waiting <= MAX_STREAM_WAITING / 2) this.#overfull.delete(stream);
    if (this.#paused) this.#resumeIfRelieved();
    else if (this.#overfull.size > 0 || this.#total > MAX_TOTAL_WAITING) this.#pause();
  }

  close(): void {
    this.#timers.cancel(this);
    this.#waited.clear();
    this.#overfull.clear();
    this.#total = 0;
  }

  onTimer(): void {
    if (!this.#paused) return;
    if (this.#reading.isShared) for (const stream of this.#suspects()) stream.giveUp();
    // Giving one up may have ended the pause, or even begun another.
    if (!this.#paused) return;
    this.#mark();
  }

  /** Who took next to nothing since the last look: all that are overfull, or else the one that most waits for. */
  #suspects(): BufferedStream[] {
    const slow = [...this.#waited]
      .filter(([stream, mark]) => stream.bytesRead - mark < MIN_TAKEN)
      .map(([stream]) => stream);
    const overfull = slow.filter((stream) => this.#overfull.has(stream));
    if (overfull.length > 0 || this.#total <= MAX_TOTAL_WAITING / 2) return overfull;
    return slow.sort((a, b) => b.waiting - a.waiting).slice(0, 1);
  }

  #pause(): void {
    this.#paused = true;
    this.#mark();
    this.#reading.pause();
  }

  #resumeIfRelieved(): void {
    if (this.#overfull.size > 0 || this.#total > MAX_TOTAL_WAITING / 2) return;
    this.#paused = false;
    this.#timers.cancel(this);
    this.#reading.resume();
  }

  #mark(): void {
    for (const stream of this.#waited.keys()) this.#waited.set(stream, stream.bytesRead);
    this.#timers.schedule(this, TimerWheel.ticks(LOOK_MS));
  }
}
