import type { DomainPatterns } from '@sluice/plugin-api';
import { KeywordIndex } from './keyword-index.js';
import { RegexpIndex } from './regexp-index.js';
import { RuleBits } from './rule-bits.js';
import { ValueIndex } from './value-index.js';

/** Which rules have a pattern that a name matches. The time does not grow with the number of patterns. */
export class DomainIndex {
  readonly #full: ValueIndex<string>;
  readonly #suffixes: ValueIndex<string>;
  readonly #keywords: KeywordIndex;
  readonly #dotless: KeywordIndex;
  readonly #regexps: RegexpIndex;

  /** @param count the rules' numbers are below it */
  constructor(count: number) {
    this.#full = new ValueIndex(count);
    this.#suffixes = new ValueIndex(count);
    this.#keywords = new KeywordIndex(count);
    this.#dotless = new KeywordIndex(count);
    this.#regexps = new RegexpIndex(count);
  }

  /** To be called in the order of the rules. */
  add(patterns: DomainPatterns, rule: number): void {
    for (const name of patterns.full) this.#full.add(name, rule);
    for (const name of patterns.suffixes) this.#suffixes.add(name, rule);
    for (const keyword of patterns.keywords) this.#keywords.add(keyword, rule);
    for (const keyword of patterns.dotless) this.#dotless.add(keyword, rule);
    for (const expression of patterns.regexps) this.#regexps.add(expression, rule);
  }

  /** To be called once, after all patterns have been added. */
  complete(): void {
    this.#keywords.complete();
    this.#dotless.complete();
    this.#regexps.complete();
  }

  /** How many rules there are for a name of which one pattern at least matches, at most. */
  rulesSharing(patterns: DomainPatterns): number {
    let most = 1;
    for (const name of patterns.full) most = Math.max(most, this.#full.countOf(name));
    for (const name of patterns.suffixes) most = Math.max(most, this.#suffixes.countOf(name));
    for (const keyword of patterns.keywords) most = Math.max(most, this.#keywords.countOf(keyword));
    return most;
  }

  /** @param domain lower-case; the root's trailing dot may stand or not */
  mark(domain: string, into: RuleBits): void {
    // "example.org." is the same name, and must not be a way around a rule.
    const name = domain.endsWith('.') ? domain.slice(0, -1) : domain;
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

  constructor(patterns: DomainPatterns) {
    this.#index.add(patterns, 0);
    this.#index.complete();
  }

  /** @param domain lower-case; the root's trailing dot may stand or not */
  has(domain: string): boolean {
    this.#found.clear();
    this.#index.mark(domain, this.#found);
    return this.#found.has(0);
  }
}
