/** With fewer keywords than this, asking for one after the other is faster. */
const AUTOMATON_FROM = 24;

/** Finds whether a text contains any of many keywords, in one pass over it (Aho-Corasick). */
export class KeywordSet {
  readonly #few: readonly string[];
  readonly #automaton: Automaton | null;

  constructor(keywords: readonly string[]) {
    const unique = [...new Set(keywords)];
    this.#automaton = unique.length < AUTOMATON_FROM ? null : new Automaton(unique);
    this.#few = this.#automaton === null ? unique : [];
  }

  foundIn(text: string): boolean {
    if (this.#automaton !== null) return this.#automaton.foundIn(text);
    for (const keyword of this.#few) if (text.includes(keyword)) return true;
    return false;
  }
}

/** A complete automaton: for each state and character class the next state; -1 is a find. */
class Automaton {
  /** UTF-16 unit to class; 0 is every unit that no keyword has. */
  readonly #classes: Uint16Array;
  readonly #width: number;
  readonly #next: Int32Array;

  constructor(keywords: readonly string[]) {
    this.#classes = new Uint16Array(65536);
    let classes = 1;
    for (const keyword of keywords) {
      for (let i = 0; i < keyword.length; i += 1) this.#classes[keyword.charCodeAt(i)] ||= classes++;
    }
    this.#width = classes;
    const states = keywords.reduce((sum, keyword) => sum + keyword.length, 1);
    this.#next = new Int32Array(states * this.#width);
    const count = this.#insert(keywords);
    this.#complete(count);
  }

  foundIn(text: string): boolean {
    const classes = this.#classes;
    let state = 0;
    for (let i = 0; i < text.length; i += 1) {
      state = this.#next[state * this.#width + classes[text.charCodeAt(i)]!]!;
      if (state < 0) return true;
    }
    return false;
  }

  /** Builds the tree of keywords; 0 means no branch yet. @returns the number of states */
  #insert(keywords: readonly string[]): number {
    let count = 1;
    for (const keyword of keywords) {
      let state = 0;
      for (let i = 0; i < keyword.length; i += 1) {
        const at = state * this.#width + this.#classes[keyword.charCodeAt(i)]!;
        // A keyword that begins with another one adds nothing.
        if (this.#next[at]! < 0) break;
        if (i === keyword.length - 1) this.#next[at] = -1;
        else if (this.#next[at] === 0) this.#next[at] = count++;
        state = this.#next[at]!;
      }
    }
    return count;
  }

  /** Fills in, nearest states first, where to go on when the tree has no branch. */
  #complete(count: number): void {
    const width = this.#width;
    const fallback = new Int32Array(count);
    const queue: number[] = [];
    for (let c = 0; c < width; c += 1) if (this.#next[c]! > 0) queue.push(this.#next[c]!);
    for (let head = 0; head < queue.length; head += 1) {
      const state = queue[head]!;
      const back = fallback[state]! * width;
      for (let c = 0; c < width; c += 1) {
        const at = state * width + c;
        const child = this.#next[at]!;
        const otherwise = this.#next[back + c]!;
        if (child <= 0 || otherwise < 0) {
          // No branch, or a shorter keyword ends here as well.
          if (child === 0 || otherwise < 0) this.#next[at] = otherwise;
          continue;
        }
        fallback[child] = otherwise;
        queue.push(child);
      }
    }
  }
}
