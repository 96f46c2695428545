/** What another clock said. */
export interface ClockReading {
  readonly source: string;
  /** How far this machine's clock is ahead of it, in ms; negative if behind. */
  readonly ahead: number;
  /** By how much that may be wrong, in ms. */
  readonly tolerance: number;
}

/** Other clocks that were seen on the way. */
export class ClockReadings {
  readonly all: ClockReading[] = [];
  readonly #clock: () => number;

  /** @param clock this machine's, in ms since 1970 */
  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  /**
   * To be called when the answer has come.
   * @param time in ms since 1970, as the source has it
   * @param granularity of that, in ms: it was cut off to multiples of it
   * @param roundTrip of the question, in ms: the source wrote its time somewhere within
   */
  add(source: string, time: number, granularity: number, roundTrip: number): void {
    const now = this.#clock() - roundTrip / 2;
    this.all.push({ source, ahead: now - (time + granularity / 2), tolerance: granularity / 2 + roundTrip / 2 });
  }
}
