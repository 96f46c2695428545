import type { RE2JS } from 're2js';
import { isAscii, KeywordIndex } from './keyword-index.js';
import { compileRegexp } from './regexp.js';
import { requiredLiteral } from './required-literal.js';
import { RuleBits } from './rule-bits.js';
import { RuleLists } from './rule-lists.js';

/** Shorter texts, and top-level domains, stand in too many names to keep expressions from being asked. */
const isTelling = (literal: string): boolean => literal.length >= 4 && !/^\.[a-z]+$/.test(literal);

/**
 * Which rules have an expression in RE2 syntax that finds something in a name. All are asked as one first,
 * whose time does not grow with their number; those that need a certain text are asked only about names
 * in which it stands.
 */
export class RegexpIndex {
  readonly #lists: RuleLists;
  readonly #expressions = new Map<string, number>();
  #withLiteral: Group | undefined;
  #others: Group | undefined;

  constructor(count: number) {
    this.#lists = new RuleLists(count);
  }

  /**
   * To be called in the order of the rules.
   * @param expression one that `compileRegexp` accepts
   */
  add(expression: string, rule: number): void {
    this.#expressions.set(expression, this.#lists.with(this.#expressions.get(expression) ?? 0, rule));
  }

  /** To be called once, after all expressions have been added. */
  complete(): void {
    const withLiteral: Member[] = [];
    const others: Member[] = [];
    for (const [expression, list] of this.#expressions) {
      const literal = requiredLiteral(expression);
      (isTelling(literal) ? withLiteral : others).push({ expression, literal, list });
    }
    if (withLiteral.length > 0) this.#withLiteral = new Group(withLiteral, true);
    if (others.length > 0) this.#others = new Group(others, false);
  }

  /** @param name lower-case */
  mark(name: string, into: RuleBits): void {
    this.#others?.mark(name, this.#lists, into);
    this.#withLiteral?.mark(name, this.#lists, into);
  }
}

interface Member {
  readonly expression: string;
  readonly literal: string;
  readonly list: number;
}

class Group {
  readonly #members: readonly Member[];
  readonly #literals: KeywordIndex | undefined;
  readonly #all: RE2JS | undefined;
  /** Compiled when first needed: most names have nothing to do with any. */
  readonly #each: (RE2JS | undefined)[] = [];
  readonly #asked: RuleBits;

  constructor(members: readonly Member[], haveLiterals: boolean) {
    this.#members = members;
    this.#all = union(members);
    this.#asked = new RuleBits(members.length);
    for (let i = 0; i < members.length; i += 1) this.#each.push(undefined);
    if (!haveLiterals) return;
    this.#literals = new KeywordIndex(members.length);
    members.forEach(({ literal }, i) => this.#literals?.add(literal, i));
    this.#literals.complete();
  }

  mark(name: string, lists: RuleLists, into: RuleBits): void {
    // Beyond ASCII more than one lower-case letter may be meant by one of an expression.
    const byLiteral = this.#literals !== undefined && isAscii(name);
    const asked = this.#asked;
    if (byLiteral) {
      asked.clear();
      this.#literals?.mark(name, asked);
      if (asked.next(0) < 0) return;
    }
    if (this.#all !== undefined && !this.#all.test(name)) return;
    for (let i = 0; i < this.#members.length; i += 1) {
      if (byLiteral && !asked.has(i)) continue;
      const { expression, list } = this.#members[i]!;
      const compiled = (this.#each[i] ??= compileRegexp(expression));
      if (compiled.test(name)) lists.mark(list, into);
    }
  }
}

/** One expression for all, if that can be: two may name a group alike, or be too large together. */
function union(members: readonly Member[]): RE2JS | undefined {
  try {
    return compileRegexp(members.map(({ expression }) => `(?:${expression})`).join('|'));
  } catch {
    return undefined;
  }
}
