import type { DomainPatterns } from '@sluice/plugin-api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DomainIndex, DomainSet } from './domain-index.js';
import { KeywordIndex } from './keyword-index.js';
import { RuleBits } from './rule-bits.js';

function naive(patterns: DomainPatterns, name: string): boolean {
  return (
    patterns.full.some((full) => name === full) ||
    patterns.suffixes.some((suffix) => name === suffix || name.endsWith(`.${suffix}`)) ||
    patterns.keywords.some((keyword) => name.includes(keyword)) ||
    (!name.includes('.') && patterns.dotless.some((part) => name.includes(part))) ||
    patterns.regexps.some((regexp) => new RegExp(regexp).test(name))
  );
}

// A small alphabet, so that names and patterns meet, nest and overlap.
const label = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 });
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const patterns = fc.record({
  full: fc.array(name, { maxLength: 5 }),
  suffixes: fc.array(name, { maxLength: 5 }),
  keywords: fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.'), minLength: 3, maxLength: 7 }), {
    maxLength: 60,
  }),
  dotless: fc.array(label, { maxLength: 1 }),
  regexps: fc.array(fc.constantFrom('^aa', 'b{3}$', '(^|\\.)c[ab]+\\.'), { maxLength: 1 }),
});
const none: DomainPatterns = { full: [], suffixes: [], keywords: [], dotless: [], regexps: [] };

describe('DomainSet', () => {
  test('answers as the naive search does', () => {
    fc.assert(
      fc.property(patterns, fc.array(name, { minLength: 1, maxLength: 20 }), (set, asked) => {
        const domains = new DomainSet([set]);
        for (const domain of asked) expect(domains.has(domain), domain).toBe(naive(set, domain));
      }),
      { numRuns: 500 },
    );
  });

  test('takes a suffix by whole labels only', () => {
    const set = new DomainSet([{ ...none, suffixes: ['example.org'] }]);
    expect(
      ['example.org', 'a.b.example.org', 'badexample.org', 'org', 'example.org.evil.com'].map((domain) =>
        set.has(domain),
      ),
    ).toEqual([true, true, false, false, false]);
  });

  test("is not got around with the root's dot", () => {
    const set = new DomainSet([{ ...none, full: ['a.example'], suffixes: ['b.example'] }]);
    expect([set.has('a.example.'), set.has('x.b.example.')]).toEqual([true, true]);
  });

  test('takes time in proportion to the name for an expression that makes others backtrack', () => {
    const set = new DomainSet([{ ...none, regexps: ['(a+)+$'] }]);
    // By backtracking this would be 2^250 steps.
    expect(set.has(`${'a'.repeat(250)}b`)).toBe(false);
  });
});

test('DomainIndex finds the rules that have a pattern for a name, each of them and no other', () => {
  fc.assert(
    fc.property(
      fc.array(patterns, { maxLength: 40 }),
      fc.array(name, { minLength: 1, maxLength: 20 }),
      (sets, asked) => {
        const setsOf = (rule: number): DomainPatterns[] => sets.slice(rule - (rule % 2), rule + 1);
        const index = new DomainIndex(sets.length);
        // Each second rule has the set of the one before too.
        sets.forEach((_, rule) => index.add(setsOf(rule), rule));
        index.complete();
        for (const domain of asked) {
          const found = new RuleBits(sets.length);
          index.mark(domain, found);
          expect(
            sets.map((_, rule) => found.has(rule)),
            domain,
          ).toEqual(sets.map((_, rule) => setsOf(rule).some((set) => naive(set, domain))));
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('KeywordIndex finds all keywords that a text contains, of any characters, in one pass', () => {
  const unit = fc.constantFrom('a', 'b', 'c', 'd', 'ü');
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit, maxLength: 7 }), { maxLength: 60 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', 'ü', 'x'), maxLength: 40 }),
      (keywords, text) => {
        const index = new KeywordIndex(keywords.length);
        keywords.forEach((keyword, rule) => index.add(keyword, rule));
        index.complete();
        const found = new RuleBits(keywords.length);
        index.mark(text, found);
        expect(keywords.filter((_, rule) => found.has(rule))).toEqual(keywords.filter((one) => text.includes(one)));
      },
    ),
    { numRuns: 1000 },
  );
});
