import type { HelloSearchRun } from './hello-search.js';

/** Beyond this many, hellos come faster than they can be looked through. */
const DEFAULT_LIMIT = 256;

interface Waiting {
  readonly run: HelloSearchRun;
  isWanted(): boolean;
  resolve(found: number | undefined): void;
}

/**
 * Carries long searches on, one step in each turn of the event loop, so that they hold nothing up,
 * however many there are. First come, first served: side by side all of them would end last.
 */
export class SearchQueue {
  readonly #limit: number;
  #waiting: Waiting[] = [];
  #isRunning = false;
  readonly #turn = (): void => this.#step();

  /** @param limit how many searches may be under way */
  constructor(limit: number = DEFAULT_LIMIT) {
    this.#limit = limit;
  }

  /** Searches under way. */
  get size(): number {
    return this.#waiting.length;
  }

  /**
   * What the search finds. Its first step is made at once. `busy`: too many others are under way.
   * @param isWanted false drops the search, which then finds nothing: the client has gone
   */
  find(run: HelloSearchRun, isWanted: () => boolean = () => true): Promise<number | undefined | 'busy'> {
    const isFull = this.#waiting.length >= this.#limit;
    // Turning away must cost little, or a flood would still take all the time there is.
    if (isFull ? run.step(0) : run.step()) return Promise.resolve(run.found);
    if (isFull) return Promise.resolve('busy');
    return new Promise((resolve) => {
      this.#waiting.push({ run, isWanted, resolve });
      if (!this.#isRunning) setImmediate(this.#turn);
      this.#isRunning = true;
    });
  }

  #step(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      if (!next.isWanted()) next.resolve(undefined);
      else if (next.run.step()) next.resolve(next.run.found);
      else this.#waiting.unshift(next);
    }
    this.#isRunning = this.#waiting.length > 0;
    if (this.#isRunning) setImmediate(this.#turn);
  }
}
