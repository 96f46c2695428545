import type { DomainPatterns } from '@sluice/plugin-api';
import { KeywordIndex } from './keyword-index.js';
import { RegexpIndex } from './regexp-index.js';
import { RuleBits } from './rule-bits.js';
import { RuleLists } from './rule-lists.js';
import { ValueIndex } from './value-index.js';

/** Sets of more patterns are taken to have them to themselves when rules are compared. */
const SMALL = 64;

/**
 * Which rules have a set with a pattern that a name matches. The time does not grow with the number of
 * patterns, and sets that many rules have in common are entered once.
 */
export class DomainIndex {
  readonly #lists: RuleLists;
  /** By set, its number; and by its number, the list of the rules that have it. */
  readonly #sets = new Map<DomainPatterns, number>();
  readonly #rules: number[] = [];
  /** Made when all sets are known. */
  #patterns: PatternIndex | undefined;
  #found = new RuleBits(0);

  /** @param count the rules' numbers are below it */
  constructor(count: number) {
    this.#lists = new RuleLists(count);
  }

  get isEmpty(): boolean {
    return this.#sets.size === 0;
  }

  /** To be called in the order of the rules. */
  add(sets: readonly DomainPatterns[], rule: number): void {
    for (const set of sets) {
      let number = this.#sets.get(set);
      if (number === undefined) this.#sets.set(set, (number = this.#rules.push(0) - 1));
      this.#rules[number] = this.#lists.with(this.#rules[number]!, rule);
    }
  }

  /** To be called once, after all sets have been added. */
  complete(): void {
    this.#patterns = new PatternIndex([...this.#sets.keys()]);
    this.#found = new RuleBits(this.#sets.size);
  }

  /** How many rules, about, have a set or a pattern in common with these. */
  rulesSharing(sets: readonly DomainPatterns[]): number {
    let most = 1;
    for (const set of sets) {
      const rules = this.#lists.lengthOf(this.#rules[this.#sets.get(set) ?? -1] ?? 0);
      most = Math.max(most, rules, this.#patterns?.setsSharing(set) ?? 0);
    }
    return most;
  }

  /** @param domain lower-case; the root's trailing dot may stand or not */
  mark(domain: string, into: RuleBits): void {
    const found = this.#found;
    found.clear();
    // "example.org." is the same name, and must not be a way around a rule.
    this.#patterns?.mark(domain.endsWith('.') ? domain.slice(0, -1) : domain, found);
    for (let i = found.next(0); i >= 0; i = found.next(i + 1)) this.#lists.mark(this.#rules[i]!, into);
  }
}

/** Which of the sets have a pattern that a name matches. */
class PatternIndex {
  readonly #full: ValueIndex<string>;
  readonly #suffixes: ValueIndex<string>;
  readonly #keywords: KeywordIndex;
  readonly #dotless: KeywordIndex;
  readonly #regexps: RegexpIndex;

  constructor(sets: readonly DomainPatterns[]) {
    const count = sets.length;
    this.#full = new ValueIndex(count);
    this.#suffixes = new ValueIndex(count);
    this.#keywords = new KeywordIndex(count);
    this.#dotless = new KeywordIndex(count);
    this.#regexps = new RegexpIndex(count);
    sets.forEach((patterns, set) => {
      for (const name of patterns.full) this.#full.add(name, set);
      for (const name of patterns.suffixes) this.#suffixes.add(name, set);
      for (const keyword of patterns.keywords) this.#keywords.add(keyword, set);
      for (const keyword of patterns.dotless) this.#dotless.add(keyword, set);
      for (const expression of patterns.regexps) this.#regexps.add(expression, set);
    });
    this.#keywords.complete();
    this.#dotless.complete();
    this.#regexps.complete();
  }

  setsSharing({ full, suffixes, keywords }: DomainPatterns): number {
    if (full.length + suffixes.length + keywords.length > SMALL) return 1;
    return Math.max(
      1,
      ...full.map((name) => this.#full.countOf(name)),
      ...suffixes.map((name) => this.#suffixes.countOf(name)),
      ...keywords.map((keyword) => this.#keywords.countOf(keyword)),
    );
  }

  mark(name: string, into: RuleBits): void {
    this.#full.mark(name, into);
    const firstDot = name.indexOf('.');
    if (this.#suffixes.size > 0) {
      this.#suffixes.mark(name, into);
      for (let dot = firstDot; dot >= 0; dot = name.indexOf('.', dot + 1)) {
        this.#suffixes.mark(name.slice(dot + 1), into);
      }
    }
    this.#keywords.mark(name, into);
    if (firstDot < 0) this.#dotless.mark(name, into);
    this.#regexps.mark(name, into);
  }
}

/** A set of domain names. */
export class DomainSet {
  readonly #index = new DomainIndex(1);
  readonly #found = new RuleBits(1);

  /** @param sets of patterns, any of which may match */
  constructor(sets: readonly DomainPatterns[]) {
    this.#index.add(sets, 0);
    this.#index.complete();
  }

  /** @param domain lower-case; the root's trailing dot may stand or not */
  has(domain: string): boolean {
    this.#found.clear();
    this.#index.mark(domain, this.#found);
    return this.#found.has(0);
  }
}
