import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RegexpSet } from './regexp-set.js';
import { compileRegexp } from './regexp.js';
import { requiredLiteral } from './required-literal.js';

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

test('a set finds what one of its expressions finds', () => {
  const expression = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.array(expression, { maxLength: 6 }), fc.array(name, { maxLength: 8 }), (all, names) => {
      const expressions = all.filter((one) => compiles(one));
      const set = new RegexpSet(expressions);
      for (const text of names) {
        expect(set.findsIn(text)).toBe(expressions.some((one) => compileRegexp(one).test(text)));
      }
    }),
  );
});

test('expressions that cannot stand together are asked one by one', () => {
  const set = new RegexpSet(['(?P<n>aaaa)x', '(?P<n>bbbb)x', 'y\\Qcc.']);
  expect([set.findsIn('aaaax'), set.findsIn('bbbbx'), set.findsIn('ycc.'), set.findsIn('yccc')]).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

function compiles(expression: string): boolean {
  try {
    compileRegexp(expression);
    return true;
  } catch {
    return false;
  }
}
