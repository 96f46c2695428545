import { KeywordSet } from './keyword-set.js';
import { RegexpSet } from './regexp-set.js';

/** What a set of domains is made of; all lower-case. */
export interface DomainPatterns {
  /** Names that match as they are. */
  readonly full: readonly string[];
  /** Names that match with all their subdomains. */
  readonly suffixes: readonly string[];
  /** Names that contain one of these match. */
  readonly keywords: readonly string[];
  /** Names without a dot that contain one of these match; "" is contained in all. */
  readonly dotless: readonly string[];
  /** Names in which one of these finds something match; expressions that `compileRegexp` accepts. */
  readonly regexps: readonly string[];
}

/** A set of domain names, asked from the cheapest pattern to the dearest. */
export class DomainSet {
  readonly #full: ReadonlySet<string>;
  readonly #suffixes: ReadonlySet<string>;
  readonly #keywords: KeywordSet;
  readonly #dotless: readonly string[];
  readonly #regexps: RegexpSet;

  constructor(patterns: DomainPatterns) {
    this.#full = new Set(patterns.full);
    this.#suffixes = new Set(patterns.suffixes);
    this.#keywords = new KeywordSet(patterns.keywords);
    this.#dotless = patterns.dotless;
    this.#regexps = new RegexpSet(patterns.regexps);
  }

  /** @param domain lower-case; the root's trailing dot may stand or not */
  has(domain: string): boolean {
    // "example.org." is the same name, and must not be a way around a rule.
    const name = domain.endsWith('.') ? domain.slice(0, -1) : domain;
    return (
      this.#full.has(name) ||
      this.#hasSuffix(name) ||
      this.#keywords.foundIn(name) ||
      this.#hasDotless(name) ||
      this.#regexps.findsIn(name)
    );
  }

  #hasSuffix(name: string): boolean {
    if (this.#suffixes.size === 0) return false;
    if (this.#suffixes.has(name)) return true;
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      if (this.#suffixes.has(name.slice(dot + 1))) return true;
    }
    return false;
  }

  #hasDotless(name: string): boolean {
    return this.#dotless.length > 0 && !name.includes('.') && this.#dotless.some((part) => name.includes(part));
  }
}
