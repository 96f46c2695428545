/** Comparisons that one check may make: files are checked at each key press, and none may make that slow. */
export class Effort {
  #left: number;

  constructor(comparisons: number) {
    this.#left = comparisons;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }

  /** @returns false when all is used up */
  spend(comparisons = 1): boolean {
    this.#left -= comparisons;
    return this.#left >= 0;
  }
}
