import { SluiceError, TimerEntry, TimerWheel, toSluiceError, type Destination } from '@sluice/plugin-api';

/**
 * A middle proxy that has not answered by then has the next one tried beside it, in ms: it takes
 * three round trips, and the client's own patience is a few seconds.
 */
const NEXT_AFTER = 1000;

export interface PoolSearchOptions<T> {
  readonly timers: TimerWheel;
  /** At least one, in the order in which they are to be tried. */
  readonly addresses: readonly Destination[];
  /** Gives undefined, and does nothing, if by the time that it could succeed it is not wanted any more. */
  readonly attempt: (address: Destination, isWanted: () => boolean) => Promise<T | undefined>;
  readonly onFailure: (address: Destination, error: SluiceError) => void;
  /** Another was quicker, although this one had its time. */
  readonly onOvertaken: (address: Destination) => void;
  /** Ends the search. */
  readonly signal: AbortSignal | undefined;
}

/** Tries addresses one after the other, and beside each other where one takes long, until one works. */
export class PoolSearch<T> extends TimerEntry {
  readonly #options: PoolSearchOptions<T>;
  /** When each that is being tried was begun, in ticks. */
  readonly #running = new Map<Destination, number>();
  readonly #isWanted = (): boolean => !this.#over;
  readonly #giveUp = (): void => {
    const reason: unknown = this.#options.signal?.reason;
    this.#end();
    this.#reject(reason instanceof SluiceError ? reason : new SluiceError('E_CLOSING', 'nobody waits for it any more'));
  };
  #next = 0;
  #over = false;
  #first: SluiceError | undefined;
  #resolve!: (found: T) => void;
  #reject!: (error: SluiceError) => void;

  constructor(options: PoolSearchOptions<T>) {
    super();
    this.#options = options;
  }

  /** @throws SluiceError the first address's, if none works; the signal's reason */
  run(): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      const { signal } = this.#options;
      if (signal?.aborted === true) this.#giveUp();
      else {
        signal?.addEventListener('abort', this.#giveUp, { once: true });
        this.#startNext();
      }
    });
  }

  onTimer(): void {
    this.#startNext();
  }

  #startNext(): void {
    const { addresses, timers, attempt } = this.#options;
    const address = addresses[this.#next];
    if (address === undefined) return;
    this.#next += 1;
    this.#running.set(address, timers.now);
    if (this.#next < addresses.length) timers.schedule(this, TimerWheel.ticks(NEXT_AFTER));
    attempt(address, this.#isWanted).then(
      (found) => {
        if (found !== undefined) this.#found(address, found);
      },
      (error: unknown) => this.#failed(address, toSluiceError(error)),
    );
  }

  #found(address: Destination, found: T): void {
    this.#running.delete(address);
    const { timers, onOvertaken } = this.#options;
    for (const [other, since] of this.#running) {
      if (timers.now - since >= TimerWheel.ticks(NEXT_AFTER)) onOvertaken(other);
    }
    this.#end();
    this.#resolve(found);
  }

  #failed(address: Destination, error: SluiceError): void {
    this.#running.delete(address);
    this.#options.onFailure(address, error);
    if (this.#over) return;
    this.#first ??= error;
    if (this.#next < this.#options.addresses.length) {
      this.#options.timers.cancel(this);
      this.#startNext();
    } else if (this.#running.size === 0) {
      this.#end();
      this.#reject(this.#first);
    }
  }

  #end(): void {
    this.#over = true;
    this.#options.timers.cancel(this);
    this.#options.signal?.removeEventListener('abort', this.#giveUp);
  }
}
