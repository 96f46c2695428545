import type { RuleBits } from './rule-bits.js';
import { RuleLists } from './rule-lists.js';

/** Which rules ask for a value. */
export class ValueIndex<K> {
  readonly #values = new Map<K, number>();
  readonly #lists: RuleLists;

  constructor(count: number) {
    this.#lists = new RuleLists(count);
  }

  get size(): number {
    return this.#values.size;
  }

  /** To be called in the order of the rules. */
  add(value: K, rule: number): void {
    this.#values.set(value, this.#lists.with(this.#values.get(value) ?? 0, rule));
  }

  /** How many rules ask for the value. */
  countOf(value: K): number {
    return this.#lists.lengthOf(this.#values.get(value) ?? 0);
  }

  mark(value: K, into: RuleBits): void {
    const list = this.#values.get(value);
    if (list !== undefined) this.#lists.mark(list, into);
  }
}
