/** Events in the order they happened, each given to one awaiter, kept until somebody asks. */
export class EventQueue<T> {
  readonly #events: T[] = [];
  readonly #waiters: { resolve: (event: T) => void; reject: (reason: Error) => void }[] = [];
  #closed = false;

  push(event: T): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#events.push(event);
    else waiter.resolve(event);
  }

  /** `what` names the event in the error when none comes in time (milliseconds) or ever. */
  next(what: string, timeout: number): Promise<T> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve(event);
    if (this.#closed) return Promise.reject(new Error(`closed while waiting for ${what}`));
    return new Promise((resolve, reject) => {
      const waiter = {
        resolve: (value: T) => {
          clearTimeout(timer);
          resolve(value);
        },
        reject: (reason: Error) => {
          clearTimeout(timer);
          reject(reason);
        },
      };
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(new Error(`no ${what} within ${timeout} ms`));
      }, timeout);
      this.#waiters.push(waiter);
    });
  }

  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new Error('closed while waiting'));
  }
}
