import { givenUp, untilAborted } from './reach.js';

/** Something that is connected once and used by many until it is over. */
export interface Connected {
  readonly isOver: boolean;
  close(): void;
}

const CONNECT_MS = 4000;

/** Connects when first needed, and anew when what was connected is over. */
export class SharedConnect<C extends Connected> {
  readonly #connect: (signal: AbortSignal) => Promise<C>;
  #current: Promise<C> | undefined;
  #closed = false;

  constructor(connect: (signal: AbortSignal) => Promise<C>) {
    this.#connect = connect;
  }

  /** Once more with a new one if one that was there before fails: the peer may have closed it meanwhile. */
  async use<T>(signal: AbortSignal, work: (connected: C) => Promise<T>): Promise<T> {
    const before = this.#current;
    const connected = await this.#get(signal);
    const wasThere = before !== undefined && before === this.#current;
    try {
      return await work(connected);
    } catch (error) {
      if (!wasThere || signal.aborted || this.#closed || !connected.isOver) throw error;
    }
    return work(await this.#get(signal));
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  /** Whoever asks first must not take the connection along when giving up: it has a time of its own. */
  async #get(signal: AbortSignal): Promise<C> {
    if (this.#closed) throw givenUp();
    const current = this.#current;
    if (current !== undefined) {
      const connected = await untilAborted(current, signal);
      if (!connected.isOver) return connected;
      if (this.#current === current) this.#drop();
      return this.#get(signal);
    }
    const next = this.#connect(AbortSignal.timeout(CONNECT_MS));
    this.#current = next;
    next.then(
      (connected) => {
        if (this.#closed) connected.close();
      },
      () => {
        if (this.#current === next) this.#current = undefined;
      },
    );
    return untilAborted(next, signal);
  }

  #drop(): void {
    const current = this.#current;
    this.#current = undefined;
    current?.then(
      (connected) => connected.close(),
      () => undefined,
    );
  }
}
