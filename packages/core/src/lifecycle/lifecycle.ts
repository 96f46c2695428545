import { SluiceError, toSluiceError } from '@sluice/plugin-api';

/** A part of an instance with a beginning and an end. */
export interface Part {
  readonly name: string;
  start?(): void | Promise<void>;
  /** Safe after a start that failed half-way, and twice. */
  close?(): void | Promise<void>;
}

/** How long one part may take to close before the others go on without it, in ms. */
const CLOSE_LIMIT_MS = 5000;

/**
 * Starts parts as they come and closes them in reverse, those too whose start failed half-way. A part
 * that is stuck or throws while closing is reported and does not hold up the others.
 */
export class Lifecycle {
  readonly #onCloseProblem: (part: string, error: SluiceError) => void;
  #started: Part[] = [];
  #starting: Promise<unknown> = Promise.resolve();
  #isClosing = false;

  constructor(onCloseProblem: (part: string, error: SluiceError) => void) {
    this.#onCloseProblem = onCloseProblem;
  }

  /**
   * Starts a part; if that fails, the part is closed.
   * @param how in place of the part's own `start`
   * @throws SluiceError the part's own, E_START_FAILED around anything else, E_CLOSING if closed meanwhile
   */
  start<T>(part: Part, how: () => T | Promise<T>): Promise<T> {
    const started = this.#start(part, how);
    this.#starting = started.catch(() => undefined);
    return started;
  }

  /** Closes one part now, if it was started and not closed yet. */
  async retire(part: Part): Promise<void> {
    if (!this.#started.includes(part)) return;
    this.#started = this.#started.filter((other) => other !== part);
    await this.#closeOne(part);
  }

  /** Nothing more is started. */
  refuse(): void {
    this.#isClosing = true;
  }

  /** Also while starting: what is just being started is closed once it is done with it. */
  async close(): Promise<void> {
    this.refuse();
    const parts = this.#started.reverse();
    this.#started = [];
    for (const part of parts) await this.#closeOne(part);
    await within(CLOSE_LIMIT_MS, this.#starting);
  }

  async #start<T>(part: Part, how: () => T | Promise<T>): Promise<T> {
    const closed = (): SluiceError => new SluiceError('E_CLOSING', 'the instance was closed while it was starting');
    if (this.#isClosing) throw closed();
    this.#started.push(part);
    try {
      const result = await how();
      if (this.#isClosing) throw closed();
      return result;
    } catch (error) {
      this.#started = this.#started.filter((other) => other !== part);
      await this.#closeOne(part);
      if (error instanceof SluiceError) throw error;
      const why = toSluiceError(error).message;
      throw new SluiceError('E_START_FAILED', `${part.name} could not start: ${why}`, { cause: error });
    }
  }

  async #closeOne(part: Part): Promise<void> {
    try {
      if (await within(CLOSE_LIMIT_MS, Promise.resolve(part.close?.()))) return;
      throw new SluiceError('E_LIFECYCLE', `${part.name} did not close within ${CLOSE_LIMIT_MS} ms`);
    } catch (error) {
      this.#onCloseProblem(part.name, toSluiceError(error));
    }
  }
}

/** Whether the promise is fulfilled in time. @throws what it is rejected with */
async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), limit]);
  } finally {
    clearTimeout(timer);
  }
}
