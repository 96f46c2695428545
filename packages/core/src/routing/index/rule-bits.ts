/** A set of small numbers, of rules mostly, as a bit for each. */
export class RuleBits {
  readonly #words: Uint32Array;

  /** @param count the numbers are below it */
  constructor(count: number) {
    this.#words = new Uint32Array((count + 31) >>> 5);
  }

  add(number: number): void {
    this.#words[number >>> 5]! |= 1 << (number & 31);
  }

  has(number: number): boolean {
    return ((this.#words[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0;
  }

  clear(): void {
    this.#words.fill(0);
  }

  copy(other: RuleBits): void {
    this.#words.set(other.#words);
  }

  addAll(other: RuleBits): void {
    const words = this.#words;
    const added = other.#words;
    for (let i = 0; i < words.length; i += 1) words[i]! |= added[i]!;
  }

  addBoth(a: RuleBits, b: RuleBits): void {
    const words = this.#words;
    const left = a.#words;
    const right = b.#words;
    for (let i = 0; i < words.length; i += 1) words[i]! |= left[i]! & right[i]!;
  }

  keep(other: RuleBits): void {
    const words = this.#words;
    const kept = other.#words;
    for (let i = 0; i < words.length; i += 1) words[i]! &= kept[i]!;
  }

  remove(other: RuleBits): void {
    const words = this.#words;
    const removed = other.#words;
    for (let i = 0; i < words.length; i += 1) words[i]! &= ~removed[i]!;
  }

  /** The least number from there on, or -1. */
  next(from: number): number {
    const words = this.#words;
    let at = from >>> 5;
    if (at >= words.length) return -1;
    let word = words[at]! & (0xffffffff << (from & 31));
    while (word === 0) {
      at += 1;
      if (at >= words.length) return -1;
      word = words[at]!;
    }
    return (at << 5) + 31 - Math.clz32(word & -word);
  }
}
