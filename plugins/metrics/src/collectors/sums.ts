/** Sums by label values, for what is counted elsewhere and only told here. */
export class Sums<L extends string> {
  readonly #sums = new Map<string, { readonly labels: Record<L, string>; value: number }>();

  add(labels: Record<L, string>, value: number): void {
    const key = JSON.stringify(Object.values(labels));
    const known = this.#sums.get(key);
    if (known === undefined) this.#sums.set(key, { labels, value });
    else known.value += value;
  }

  [Symbol.iterator](): Iterator<{ readonly labels: Record<L, string>; readonly value: number }> {
    return this.#sums.values();
  }
}
