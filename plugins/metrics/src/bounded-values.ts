/** Where the values of a label go that came after its bound. */
const OTHER = 'other';

/**
 * The values that a label may take: the first so many, and one for all others. Every value is a time series that
 * Prometheus keeps for weeks.
 */
export class BoundedValues {
  readonly #max: number;
  readonly #admitted = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  admit(value: string): string {
    if (this.#admitted.has(value)) return value;
    if (this.#admitted.size >= this.#max) return OTHER;
    this.#admitted.add(value);
    return value;
  }
}
