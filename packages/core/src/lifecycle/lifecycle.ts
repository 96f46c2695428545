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

  constructor(parts: readonly Part[], onCloseProblem: (part: string, error: SluiceError) => void) {
    this.#parts = parts;
    this.#onCloseProblem = onCloseProblem;
  }

  /** @throws SluiceError the failed part's own, or E_START_FAILED around anything else */
  async start(): Promise<void> {
    for (const part of this.#parts) {
      this.#started.push(part);
      try {
        await part.start?.();
      } catch (error) {
        await this.close();
        if (error instanceof SluiceError) throw error;
        throw new SluiceError('E_START_FAILED', `${part.name} could not start: ${toSluiceError(error).message}`, {
          cause: error,
        });
      }
    }
  }

  async close(): Promise<void> {
    const parts = this.#started.reverse();
    this.#started = [];
    for (const part of parts) await this.#closeOne(part);
  }

  async #closeOne(part: Part): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      const error = new SluiceError('E_LIFECYCLE', `${part.name} did not close within ${CLOSE_LIMIT_MS} ms`);
      timer = setTimeout(() => reject(error), CLOSE_LIMIT_MS);
    });
    try {
      await Promise.race([Promise.resolve(part.close?.()), limit]);
    } catch (error) {
      this.#onCloseProblem(part.name, toSluiceError(error));
    } finally {
      clearTimeout(timer);
    }
  }
}
