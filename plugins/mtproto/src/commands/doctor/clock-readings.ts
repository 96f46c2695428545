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
  readonly #webServers: ClockReading[] = [];
  readonly #dataCenters: ClockReading[] = [];
  readonly #clock: () => number;

  /** @param clock this machine's, in ms since 1970 */
  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  /** Those of web servers, and then those of data centres. */
  get all(): readonly ClockReading[] {
    return [...this.#webServers, ...this.#dataCenters];
  }

  /**
   * To be called when the answer has come.
   * @param date its Date header, which has whole seconds; in ms since 1970
   * @param roundTrip of the question, in ms: the server wrote its time somewhere within
   */
  addWebServer(host: string, date: number, roundTrip: number): void {
    this.#webServers.push(this.#reading(host, date, 1000, roundTrip));
  }

  /** The same for a data centre, which tells the time to the millisecond. */
  addDataCenter(id: number, time: number, roundTrip: number): void {
    this.#dataCenters.push(this.#reading(`data centre ${id}`, time, 1, roundTrip));
  }

  #reading(source: string, time: number, granularity: number, roundTrip: number): ClockReading {
    const now = this.#clock() - roundTrip / 2;
    return { source, ahead: now - (time + granularity / 2), tolerance: granularity / 2 + roundTrip / 2 };
  }
}
