/** How many sessions somebody has open, and who waits for the last of them. */
export class SessionCount {
  #open = 0;
  #waiting: (() => void) | undefined;

  opened(): void {
    this.#open += 1;
  }

  over(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#tell();
  }

  /** Calls once when none is open: now, or at the end of the last. */
  whenNone(call: () => void): void {
    this.#waiting = call;
    if (this.#open === 0) this.#tell();
  }

  #tell(): void {
    const call = this.#waiting;
    this.#waiting = undefined;
    call?.();
  }
}
