import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RegexpIndex } from './regexp-index.js';
import { compileRegexp } from './regexp.js';
import { requiredLiteral } from './required-literal.js';
import { RuleBits } from './rule-bits.js';

describe('the text that an expression requires', () => {
  test.each([
    ['^r+[0-9]+\\.googlevideo\\.com$', '.googlevideo.com'],
    ['(^|\\.)18tv[1-5]\\.com$', '18tv'],
    ['abcd?ef', 'abc'],
    ['abc+def', 'abc'],
    ['ab{0,2}cdef', 'cdef'],
    ['a|b', ''],
    ['(?i)abc', ''],
    ['\\Qa.b\\E', ''],
    ['[]abc]+d', 'd'],
    ['[^]abc]+d', 'd'],
    ['[\\]abcd]x', 'x'],
    ['[[:alpha:]abcd]xy', 'xy'],
    ['(a(b[)]c)d)EF', 'ef'],
    ['(abc)?', ''],
    ['a.b', 'a'],
  ])('%s: %s', (expression, literal) => {
    expect(requiredLiteral(expression)).toBe(literal);
  });
});

const piece = fc.constantFrom(
  'a',
  'bcde',
  '\\.',
  '.',
  '[ab]',
  '[^a]',
  '(a|bcde)',
  'e?',
  'a*',
  'c+',
  'b{2}',
  '(cd)?',
  '\\d',
  '^',
  '$',
  '|',
  '(?:ab)',
  '[\\]a]',
);
const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', 'e', '.', '1', ']', 'ſ'), maxLength: 24 });

function indexOf(expressions: readonly string[]): (name: string) => number[] {
  const index = new RegexpIndex(expressions.length);
  expressions.forEach((expression, rule) => index.add(expression, rule));
  index.complete();
  return (text) => {
    const found = new RuleBits(expressions.length);
    index.mark(text, found);
    return expressions.map((_, rule) => rule).filter((rule) => found.has(rule));
  };
}

test('finds the rules of all expressions that find something, and no others', () => {
  const expression = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.array(expression, { maxLength: 6 }), fc.array(name, { maxLength: 8 }), (all, names) => {
      const expressions = all.filter((one) => compiles(one));
      const found = indexOf(expressions);
      for (const text of names) {
        const expected = expressions.flatMap((one, rule) => (compileRegexp(one).test(text) ? [rule] : []));
        expect(found(text)).toEqual(expected);
      }
    }),
  );
});

test('expressions that cannot stand together are asked one by one', () => {
  const found = indexOf(['(?P<n>aaaa)x', '(?P<n>bbbb)x', 'y\\Qcc.']);
  expect([found('aaaax'), found('bbbbx'), found('ycc.'), found('yccc')]).toEqual([[0], [1], [2], []]);
});

function compiles(expression: string): boolean {
  try {
    compileRegexp(expression);
    return true;
  } catch {
    return false;
  }
}
