import { RuleBits } from './rule-bits.js';

/**
 * Ascending lists of numbers, each different list kept once: thousands of names have the same few. A list
 * is a node of a tree, and its parent is the list without the last number. 0 is the empty list.
 */
export class RuleLists {
  readonly #parents = [0];
  readonly #numbers = [-1];
  readonly #lengths = [0];
  /** By number, the list of it alone, which most are. */
  readonly #single: Int32Array;
  readonly #longer = new Map<number, number>();
  /** Long lists as sets, made when first asked for: to add a set takes a step for every 32 numbers there are. */
  readonly #sets = new Map<number, RuleBits>();
  readonly #count: number;

  /** @param count the numbers are below it */
  constructor(count: number) {
    this.#count = count;
    this.#single = new Int32Array(count);
  }

  /** The list with one more number, which is not below the others. */
  with(list: number, number: number): number {
    if (this.#numbers[list] === number) return list;
    if (list === 0) return (this.#single[number] ||= this.#make(0, number));
    const key = list * this.#count + number;
    let longer = this.#longer.get(key);
    if (longer === undefined) this.#longer.set(key, (longer = this.#make(list, number)));
    return longer;
  }

  lengthOf(list: number): number {
    return this.#lengths[list] ?? 0;
  }

  mark(list: number, into: RuleBits): void {
    if (this.lengthOf(list) > 16 + this.#count / 16) into.addAll(this.#setOf(list));
    else this.#markEach(list, into);
  }

  #setOf(list: number): RuleBits {
    let set = this.#sets.get(list);
    if (set === undefined) {
      set = new RuleBits(this.#count);
      this.#markEach(list, set);
      this.#sets.set(list, set);
    }
    return set;
  }

  #markEach(list: number, into: RuleBits): void {
    for (let at = list; at !== 0; at = this.#parents[at]!) into.add(this.#numbers[at]!);
  }

  #make(list: number, number: number): number {
    this.#numbers.push(number);
    this.#lengths.push(this.lengthOf(list) + 1);
    return this.#parents.push(list) - 1;
  }
}
