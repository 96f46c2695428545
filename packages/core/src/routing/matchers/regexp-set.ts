import type { RE2JS } from 're2js';
import { compileRegexp } from './regexp.js';
import { KeywordSet } from './keyword-set.js';
import { requiredLiteral } from './required-literal.js';

/** Shorter texts, and top-level domains, stand in too many names to keep expressions from being asked. */
const isTelling = (literal: string): boolean => literal.length >= 4 && !/^\.[a-z]+$/.test(literal);

/**
 * Expressions in RE2 syntax. They are asked as one, whose time does not grow with their number; those
 * that need a certain text are asked only about names in which such a text stands.
 */
export class RegexpSet {
  readonly #literals: KeywordSet;
  readonly #withLiteral: readonly RE2JS[];
  readonly #others: readonly RE2JS[];

  /** @param expressions that `compileRegexp` accepts */
  constructor(expressions: Iterable<string>) {
    const literals: string[] = [];
    const withLiteral: string[] = [];
    const others: string[] = [];
    for (const expression of new Set(expressions)) {
      const literal = requiredLiteral(expression);
      if (!isTelling(literal)) {
        others.push(expression);
        continue;
      }
      literals.push(literal);
      withLiteral.push(expression);
    }
    this.#literals = new KeywordSet(literals);
    this.#withLiteral = union(withLiteral);
    this.#others = union(others);
  }

  /** @param name lower-case */
  findsIn(name: string): boolean {
    if (this.#others.some((one) => one.test(name))) return true;
    if (this.#withLiteral.length === 0) return false;
    // Beyond ASCII more than one lower-case letter may be meant by one of an expression.
    const mayMatch = this.#literals.foundIn(name) || !isAscii(name);
    return mayMatch && this.#withLiteral.some((one) => one.test(name));
  }
}

/** One expression for all, if that can be: two may name a group alike, or be too large together. */
function union(expressions: readonly string[]): readonly RE2JS[] {
  if (expressions.length === 0) return [];
  try {
    return [compileRegexp(expressions.map((expression) => `(?:${expression})`).join('|'))];
  } catch {
    return expressions.map((expression) => compileRegexp(expression));
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 127) return false;
  return true;
}
