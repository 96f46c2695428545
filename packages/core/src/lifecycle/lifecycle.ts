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
 * Starts parts in order and closes them in reverse, also after a start that failed half-way. A
 * part that is stuck or throws while closing is reported and does not hold up the others.
 */
export class Lifecycle {
  readonly #parts: readonly Part[];
  readonly #onCloseProblem: (part: string, error: SluiceError) => void;
  #started: Part[] = [];
  #starting: Promise<void> = Promise.resolve();
  #closing = false;

  constructor(parts: readonly Part[], onCloseProblem: (part: string, error: SluiceError) => void) {
    this.#parts = parts;
    this.#onCloseProblem = onCloseProblem;
  }

  /** @throws SluiceError the failed part's own, E_START_FAILED around anything else, E_CLOSING if closed meanwhile */
  start(): Promise<void> {
    const started = this.#startAll();
    this.#starting = started.catch(() => undefined);
    return started;
  }

  /** Also while starting: no further part is started then. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#closeStarted();
    // The part that was being started closes once more when it is done with it.
    await within(CLOSE_LIMIT_MS, this.#starting);
  }

  async #startAll(): Promise<void> {
    for (const part of this.#parts) {
      try {
        if (!this.#closing) {
          this.#started.push(part);
          await part.start?.();
        }
        if (this.#closing) throw new SluiceError('E_CLOSING', 'the instance was closed while it was starting');
      } catch (error) {
        if (this.#closing) await this.#closeOne(part);
        await this.#closeStarted();
        if (error instanceof SluiceError) throw error;
        throw new SluiceError('E_START_FAILED', `${part.name} could not start: ${toSluiceError(error).message}`, {
          cause: error,
        });
      }
    }
  }

  async #closeStarted(): Promise<void> {
    const parts = this.#started.reverse();
    this.#started = [];
    for (const part of parts) await this.#closeOne(part);
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
async function within(ms: number, promise: Promise<void>): Promise<boolean> {
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
