import type { DomainPatterns } from '@sluice/plugin-api';

/** Something that names are compared with, and what kind of comparison it is. */
export interface DomainPattern {
  readonly kind: keyof DomainPatterns;
  readonly value: string;
}

/** Of comparisons. */
interface Budget {
  spend(comparisons?: number): boolean;
}

/** A set's patterns, to ask whether all names that another pattern means are among its own. */
export class DomainLookup {
  readonly #full: ReadonlySet<string>;
  readonly #suffixes: ReadonlySet<string>;
  readonly #regexps: ReadonlySet<string>;

  constructor(readonly patterns: DomainPatterns) {
    this.#full = new Set(patterns.full);
    this.#suffixes = new Set(patterns.suffixes);
    this.#regexps = new Set(patterns.regexps);
  }

  /** Whether every name that the pattern means is in the set; false where that cannot be told. */
  covers({ kind, value }: DomainPattern, budget: Budget): boolean {
    const { keywords, dotless } = this.patterns;
    if (kind === 'regexps') return this.#regexps.has(value);
    if (kind === 'full' && this.#full.has(value)) return true;
    if ((kind === 'full' || kind === 'suffixes') && parentsOf(value).some((parent) => this.#suffixes.has(parent)))
      return true;
    if (!budget.spend(1 + keywords.length)) return false;
    if (keywords.some((keyword) => value.includes(keyword))) return true;
    const isDotless = kind === 'dotless' || (kind === 'full' && !value.includes('.'));
    return isDotless && budget.spend(dotless.length) && dotless.some((keyword) => value.includes(keyword));
  }
}

export function* patternsOf(set: DomainPatterns): Generator<DomainPattern> {
  for (const kind of ['full', 'suffixes', 'keywords', 'dotless', 'regexps'] as const)
    for (const value of set[kind]) yield { kind, value };
}

/** "a.b.c", "b.c" and "c". */
export function parentsOf(name: string): string[] {
  const found = [name];
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) found.push(name.slice(dot + 1));
  return found;
}
