import { SluiceError } from '@sluice/plugin-api';

/** Paths that are written by this process: two writers would undo each other's work, in whatever instance they are. */
const claimed = new Set<string>();

/** A writer's hold on its file. */
export class PathClaim {
  readonly #path: string;
  #isOurs = false;

  /** @param path absolute */
  constructor(path: string) {
    this.#path = path;
  }

  /** @param what is kept there @throws SluiceError E_START_FAILED if another writer has it */
  take(what: string): void {
    if (this.#isOurs) return;
    if (claimed.has(this.#path)) {
      throw new SluiceError(
        'E_START_FAILED',
        `another inbound keeps its ${what} in "${this.#path}": give each a file of its own`,
      );
    }
    claimed.add(this.#path);
    this.#isOurs = true;
  }

  /** Safe when it was never taken, and twice. */
  release(): void {
    if (this.#isOurs) claimed.delete(this.#path);
    this.#isOurs = false;
  }
}
