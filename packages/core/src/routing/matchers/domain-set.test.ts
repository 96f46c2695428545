import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DomainSet, type DomainPatterns } from './domain-set.js';
import { KeywordSet } from './keyword-set.js';

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
        const domains = new DomainSet(set);
        for (const domain of asked) expect(domains.has(domain), domain).toBe(naive(set, domain));
      }),
      { numRuns: 500 },
    );
  });

  test('takes a suffix by whole labels only', () => {
    const set = new DomainSet({ ...none, suffixes: ['example.org'] });
    expect(
      ['example.org', 'a.b.example.org', 'badexample.org', 'org', 'example.org.evil.com'].map((domain) =>
        set.has(domain),
      ),
    ).toEqual([true, true, false, false, false]);
  });

  test("is not got around with the root's dot", () => {
    const set = new DomainSet({ ...none, full: ['a.example'], suffixes: ['b.example'] });
    expect([set.has('a.example.'), set.has('x.b.example.')]).toEqual([true, true]);
  });

  test('takes time in proportion to the name for an expression that makes others backtrack', () => {
    const set = new DomainSet({ ...none, regexps: ['(a+)+$'] });
    // By backtracking this would be 2^250 steps.
    expect(set.has(`${'a'.repeat(250)}b`)).toBe(false);
  });
});

describe('KeywordSet', () => {
  const keyword = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), minLength: 3, maxLength: 7 });

  test('finds in one pass what a search for each keyword finds', () => {
    const many = fc.oneof(
      fc.array(keyword, { maxLength: 10 }),
      fc.uniqueArray(keyword, { minLength: 24, maxLength: 40 }),
    );
    fc.assert(
      fc.property(
        many,
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', 'ü'), maxLength: 40 }),
        (keywords, text) => {
          expect(new KeywordSet(keywords).foundIn(text)).toBe(keywords.some((one) => text.includes(one)));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('finds keywords that begin, end and lie within one another', () => {
    const filler = Array.from({ length: 30 }, (_, i) => `filler${i}`);
    const set = new KeywordSet([...filler, 'abcde', 'bcx', 'cdy', 'abc', 'zz', 'pzq', 'apzqrs']);
    const found = [
      'abc',
      'abcx',
      'xbcxx',
      'acdya',
      'azzb',
      'ab',
      'bcd',
      'cd',
      'z',
      'fille',
      'filler7',
      'apzq',
      'apz',
    ].filter((text) => set.foundIn(text));
    expect(found).toEqual(['abc', 'abcx', 'xbcxx', 'acdya', 'azzb', 'filler7', 'apzq']);
  });
});
