import type { Conn } from '../conn/conn.js';

/** Whether a conn takes what waits for it. It is looked at now and then; in between it costs nothing. */
export class StallWatch {
  readonly #conn: Conn;
  #written: number;
  #unsent: number;
  #since: number;

  /** @param now in ticks */
  constructor(conn: Conn, now: number) {
    this.#conn = conn;
    this.#written = conn.bytesWritten;
    this.#unsent = conn.unsent ?? 0;
    this.#since = now;
  }

  /** For how many ticks the conn has been seen to take nothing. */
  ticks(now: number): number {
    const { bytesWritten, unsent = 0 } = this.#conn;
    // More is written only when all before it was taken.
    if (bytesWritten !== this.#written || unsent !== this.#unsent) {
      this.#written = bytesWritten;
      this.#unsent = unsent;
      this.#since = now;
    }
    return now - this.#since;
  }
}
