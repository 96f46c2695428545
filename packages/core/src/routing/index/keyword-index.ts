import type { RuleBits } from './rule-bits.js';
import { RuleLists } from './rule-lists.js';

/** Which rules have a keyword that a text contains: found in one pass over it, however many there are (Aho-Corasick). */
export class KeywordIndex {
  readonly #lists: RuleLists;
  readonly #keywords = new Map<string, number>();
  /** Keywords beyond ASCII, which few are: asked one by one, of texts that have such characters. */
  readonly #others: (readonly [string, number])[] = [];
  #inAll = 0;
  #automaton: Automaton | undefined;

  constructor(count: number) {
    this.#lists = new RuleLists(count);
  }

  /** To be called in the order of the rules. */
  add(keyword: string, rule: number): void {
    this.#keywords.set(keyword, this.#lists.with(this.#keywords.get(keyword) ?? 0, rule));
  }

  countOf(keyword: string): number {
    return this.#lists.lengthOf(this.#keywords.get(keyword) ?? 0);
  }

  /** To be called once, after all keywords have been added. */
  complete(): void {
    const plain: [string, number][] = [];
    for (const [keyword, list] of this.#keywords) {
      if (keyword === '') this.#inAll = list;
      else if (isAscii(keyword)) plain.push([keyword, list]);
      else this.#others.push([keyword, list]);
    }
    if (plain.length > 0) this.#automaton = new Automaton(plain);
  }

  mark(text: string, into: RuleBits): void {
    if (this.#inAll !== 0) this.#lists.mark(this.#inAll, into);
    this.#automaton?.mark(text, this.#lists, into);
    if (this.#others.length === 0 || isAscii(text)) return;
    for (const [keyword, list] of this.#others) if (text.includes(keyword)) this.#lists.mark(list, into);
  }
}

export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 127) return false;
  return true;
}

/** A complete automaton: for each state and character class the next state. 0 is the start. */
class Automaton {
  /** By character; 0 is every one that no keyword has. */
  readonly #classes = new Uint8Array(128);
  readonly #width: number;
  readonly #next: Int32Array;
  /** By state, the list of the keyword that ends there, or 0. */
  readonly #ends: Int32Array;
  /** By state, the longest other state that ends the same way and has a keyword end there, or 0. */
  readonly #shorter: Int32Array;

  constructor(keywords: readonly (readonly [string, number])[]) {
    let classes = 1;
    for (const [keyword] of keywords) {
      for (let i = 0; i < keyword.length; i += 1) this.#classes[keyword.charCodeAt(i)] ||= classes++;
    }
    this.#width = classes;
    const most = keywords.reduce((sum, [keyword]) => sum + keyword.length, 1);
    const next = new Int32Array(most * classes);
    const ends = new Int32Array(most);
    const count = this.#insert(keywords, next, ends);
    this.#next = next.slice(0, count * classes);
    this.#ends = ends.slice(0, count);
    this.#shorter = new Int32Array(count);
    this.#complete(count);
  }

  mark(text: string, lists: RuleLists, into: RuleBits): void {
    const next = this.#next;
    const width = this.#width;
    let state = 0;
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      state = next[state * width + (code < 128 ? this.#classes[code]! : 0)]!;
      for (let at = state; at !== 0; at = this.#shorter[at]!) {
        const list = this.#ends[at]!;
        if (list !== 0) lists.mark(list, into);
      }
    }
  }

  /** Builds the tree of keywords; 0 means no branch yet. @returns the number of states */
  #insert(keywords: readonly (readonly [string, number])[], next: Int32Array, ends: Int32Array): number {
    let count = 1;
    for (const [keyword, list] of keywords) {
      let state = 0;
      for (let i = 0; i < keyword.length; i += 1) {
        const at = state * this.#width + this.#classes[keyword.charCodeAt(i)]!;
        if (next[at] === 0) next[at] = count++;
        state = next[at]!;
      }
      ends[state] = list;
    }
    return count;
  }

  /** Fills in, nearest states first, where to go on when the tree has no branch. */
  #complete(count: number): void {
    const width = this.#width;
    const next = this.#next;
    const fallback = new Int32Array(count);
    const queue: number[] = [];
    for (let c = 0; c < width; c += 1) if (next[c]! > 0) queue.push(next[c]!);
    for (let head = 0; head < queue.length; head += 1) {
      const state = queue[head]!;
      const back = fallback[state]!;
      this.#shorter[state] = this.#ends[back] === 0 ? this.#shorter[back]! : back;
      for (let c = 0; c < width; c += 1) {
        const child = next[state * width + c]!;
        const otherwise = next[back * width + c]!;
        if (child === 0) {
          next[state * width + c] = otherwise;
          continue;
        }
        fallback[child] = otherwise;
        queue.push(child);
      }
    }
  }
}
