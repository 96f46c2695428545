/** Events that come by calls, as a bounded stream: a reader that is slower than they come loses the newest ones. */
export class EventStream<T> {
  readonly #max: number;
  readonly #waiting: T[] = [];
  #wake: (() => void) | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  push(event: T): void {
    if (this.#waiting.length < this.#max) this.#waiting.push(event);
    this.#wake?.();
  }

  /** Ends with the signal. */
  async *until(signal: AbortSignal): AsyncGenerator<T> {
    const wake = (): void => this.#wake?.();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        const events = this.#waiting.splice(0);
        yield* events;
        if (this.#waiting.length > 0 || signal.aborted) continue;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }
}
