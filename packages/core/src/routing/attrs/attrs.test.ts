import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Evaluation } from './evaluation.js';
import { EvaluationError } from './evaluation-error.js';
import { parse } from './parser.js';
import { compileAttrs } from './program.js';
import { AttrsSyntaxError } from './syntax-error.js';
import { display } from './values.js';

const request = {
  ':method': 'GET',
  ':path': '/test/page',
  host: 'www.example.org',
  accept: 'text/html, */*',
  'content-length': '120',
  'x-name': 'M\xc3\xbcller',
};

/** The value as Starlark writes it, or "error". */
function value(source: string): string {
  try {
    return display(new Evaluation(request).valueOf(parse(source)), true);
  } catch (error) {
    if (error instanceof EvaluationError) return 'error';
    throw error;
  }
}

describe('expressions that people write for V2Ray', () => {
  test.each([
    ["attrs[':method'] == 'GET'", true],
    ["attrs[':method'] == 'POST'", false],
    ["attrs[':path'].startswith('/test')", true],
    ["'accept' in attrs", true],
    ["'cookie' not in attrs", true],
    [
      "attrs[':method'] == 'GET' and attrs[':path'].startswith('/test') and attrs['accept'].find('text/html') >= 0",
      true,
    ],
    ["attrs['accept'] == 'text/html' or attrs[':path'] == '/'", false],
    ["not (attrs[':method'] in ['POST', 'PUT'])", true],
    ["int(attrs['content-length']) > 100", true],
    ["attrs.get('cookie', '-') == '-'", true],
    ["attrs['cookie'] == ''", false],
    ["'cookie' in attrs and attrs['cookie'] == ''", false],
    ["len(attrs['x-name']) == 7 and attrs['x-name'] == 'Müller'", true],
    ["attrs[':path'].split('/')[1] == 'test'", true],
    ['attrs', true],
    ['attrs.get("cookie")', false],
    ["\nattrs[':method'] == 'GET' # only those\n and True\n", true],
  ])('%s: %s', (source, expected) => {
    expect(compileAttrs(source).isSatisfied(request)).toBe(expected);
  });
});

describe('values, as Starlark has them', () => {
  test.each([
    ['1 + 2 * 3', '7'],
    ['(1 + 2) * 3 - -1', '10'],
    ['7 // 2', '3'],
    ['-7 // 2', '-4'],
    ['-7 % 3', '2'],
    ['7 % -3', '-2'],
    ['0x1f + 0o17 + 0b11', '49'],
    ["'a' + 'b' * 3", '"abbb"'],
    ['[1] + [2, 3] * 2', '[1, 2, 3, 2, 3]'],
    ["(1,) + ('a', None)", '(1, "a", None)'],
    ['()', '()'],
    ['1, 2', '(1, 2)'],
    ["{'a': 1, 'b': [2]}['b']", '[2]'],
    ["{(1, 'a'): True}[(1, 'a')]", 'True'],
    ["len({'a': 1}) + len('ab') + len([1]) + len(())", '4'],
    ["'abcdef'[0] + 'abcdef'[-1]", '"af"'],
    ["'abcdef'[1:-1]", '"bcde"'],
    ["'abcdef'[::-2]", '"fdb"'],
    ["'abcdef'[-10:2]", '"ab"'],
    ['[1, 2, 3][10:]', '[]'],
    ['1 if [] else 2 if 0 else 3', '3'],
    ["'' or None or 'x'", '"x"'],
    ['0 and 1 // 0', '0'],
    ['not not 1', 'True'],
    ['True == 1', 'False'],
    ["1 == '1'", 'False'],
    ['[1, [2]] == [1, [2]]', 'True'],
    ["{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", 'True'],
    ['[1, 2] < [1, 3]', 'True'],
    ["'b' >= 'a' and False < True", 'True'],
    ['2 in (1, 2)', 'True'],
    ["'bc' in 'abcd'", 'True'],
    ["r'\\d' + '\\x41\\t\\101\\u00e9'", '"\\\\dA\\tAÃ©"'],
    ["'''a\nb'c''' + \"\"\"d\"\"\"", '"a\\nb\'cd"'],
    ["int('-12') + int('ff', 16) + int(True)", '244'],
    ["str([1, 'a', None, (True,)])", '"[1, \\"a\\", None, (True,)]"'],
    [
      "type(1) + type('') + type([]) + type(()) + type({}) + type(None) + type(True)",
      '"intstringlisttupledictNoneTypebool"',
    ],
    ['any([0, 1]) and all([1, 2]) and not any([]) and all([])', 'True'],
    ["list(('a', 'b')) + list({'c': 1})", '["a", "b", "c"]'],
    ["'banana'.replace('a', 'o', 2)", '"bonona"'],
    ["'banana'.split('n')", '["ba", "a", "a"]'],
    ["'banana'.split('n', 1)", '["ba", "ana"]'],
    ["'banana'.rsplit('n', 1)", '["bana", "a"]'],
    ["'one two  three'.split()", '["one", "two", "three"]'],
    ["'one two  three'.split(None, 1)", '["one", "two  three"]'],
    ["'one two  three'.rsplit(None, 1)", '["one two", "three"]'],
    ["'one/two/three'.partition('/') + 'a/b/c'.rpartition('/')", '("one", "/", "two/three", "a/b", "/", "c")'],
    ["'bonbon'.find('on') + 'bonbon'.find('on', 2) + 'bonbon'.find('on', 2, 5)", '4'],
    ["'bonbon'.rfind('on') + 'bonbon'.rfind('on', None, 5) + 'bonbon'.index('b')", '5'],
    ["'hello, world!'.count('o') + 'hello, world!'.count('o', 7, 12)", '3'],
    ["'  x '.strip() + 'xxaxx'.strip('x') + 'ab'.lstrip('a') + 'ab'.rstrip('b')", '"xaba"'],
    ["'Ab'.lower() + 'Ab'.upper() + 'aB'.capitalize()", '"abABAb"'],
    ["'-'.join(['a', 'b'])", '"a-b"'],
    ["'a.tar'.removesuffix('.tar') + 'x-b'.removeprefix('x-')", '"ab"'],
    ["'a\\nb\\r\\n'.splitlines()", '["a", "b"]'],
    [
      "'12'.isdigit() and 'ab'.isalpha() and 'a1'.isalnum() and ' '.isspace() and 'a'.islower() and 'A-1'.isupper()",
      'True',
    ],
    ["'x.js'.endswith(('.js', '.css'))", 'True'],
    ["'accept' in attrs.keys() and 'GET' in attrs.values() and (':method', 'GET') in attrs.items()", 'True'],
    ['[5, 6].index(6)', '1'],
    ['[x * 2 for x in [1, 2, 3] if x != 2]', '[2, 6]'],
    ['[x + y for x in [10, 20] for y in (1, 2) if x + y != 21]', '[11, 12, 22]'],
    ['[[x for x in [y, y + 1]] for y in [1, 5]]', '[[1, 2], [5, 6]]'],
    ['[x for x in [1] for y in [x for x in [7]]] + [1 for (a, b) in [(1, 2)] if a < b]', '[1, 1]'],
    ["{k: len(v) for k, v in attrs.items() if k.startswith(':')}", '{":method": 3, ":path": 10}'],
    ["any([attrs['host'].endswith(end) for end in ['.com', '.org']])", 'True'],
    ["'%s is %d%% of %r, %x %X %o' % ('a', 5, 'b', 255, 255, 8)", '"a is 5% of \\"b\\", ff FF 10"'],
    ["'%s' % [1]", '"[1]"'],
  ])('%s is %s', (source, expected) => {
    expect(value(source)).toBe(expected);
  });

  test.each([
    "attrs['missing']",
    '1 // 0',
    '1 % 0',
    "1 + 'a'",
    "1 < 'a'",
    '[][0]',
    "'abc'[3]",
    "1 in 'abc'",
    '1 in 2',
    "{'a': 1, 'a': 2}",
    '{[]: 1}',
    "int('x')",
    "int('12a')",
    'int([])',
    'len(1)',
    "list('abc')",
    "'abc'.index('z')",
    "'abc'.split('')",
    '(1).lower()',
    "-'a'",
    "'abc'.startswith()",
    '9007199254740991 + 1',
    "'%s' % (1, 2)",
    "'%s %s' % 1",
    "'%d' % 'a'",
    "'%q' % 1",
    '[x for x in x]',
    '[x for x in 1]',
    '[1 for a, b in [(1,)]]',
    '{1: x for x in [1, 2] for y in [[]] if {y: 1}}',
  ])('%s has no value, and does not match', (source) => {
    expect(value(source)).toBe('error');
    expect(compileAttrs(source).isSatisfied(request)).toBe(false);
  });
});

describe('what cannot be read is an error at its column', () => {
  test.each<[string, number, string]>([
    ['', 0, 'an expression is expected, not the end'],
    ['1 < 2 < 3', 6, 'comparisons cannot be chained'],
    ["attrs[':method'] = 'GET'", 17, '"="'],
    ['attr["a"]', 0, 'there is no name "attr"; did you mean "attrs"?'],
    ["attrs[':path'].startwith('/')", 15, 'there is no method "startwith"; did you mean "startswith"?'],
    ['len', 3, '"(" is expected, not the end'],
    ['(1', 2, '")" is expected, not the end'],
    ["'abc", 0, 'the string has no end'],
    ["'a\nb'", 0, 'the string has no end'],
    ['1 2', 2, 'a number is not expected here'],
    ['True) or (False', 4, '")" is not expected here'],
    ['[x for y in attrs]', 1, 'there is no name "x"'],
    ['[1 for x in [1]] + [x]', 20, 'there is no name "x"'],
    ['[x for x]', 8, '"in" is expected'],
    ['[x if x for x in []]', 8, '"else" is expected'],
    ["'\\d'", 1, 'unknown escape'],
    [' ', 1, 'an expression is expected'],
    ['[x]', 1, 'there is no name "x"'],
    ['[1 for', 6, 'a name is expected'],
    ['lambda: 1', 0, '"lambda" cannot be used'],
    ['import os', 0, '"import" cannot be used'],
    ['"a".__class__', 4, 'there is no method "__class__"'],
    ['"a".constructor("x")', 4, 'there is no method "constructor"'],
    ['constructor("x")', 0, 'there is no function "constructor"'],
    ['attrs.get', 9, '"(" is expected, not the end'],
    ['attrs["a"]()', 10, 'only functions and methods'],
    ['017', 0, 'must not begin with 0'],
    ['99999999999999999999', 0, 'too large'],
    ['1 & 2', 2, 'unexpected "&"'],
    ['{1}', 2, '":" is expected'],
    ['[,]', 1, 'an expression is expected'],
    [`${'('.repeat(100)}1${')'.repeat(100)}`, 64, 'nested deeper'],
    [' '.repeat(5000), 4096, 'longer than'],
  ])('%j at %d: %s', (source, at, message) => {
    const compiling = (): unknown => compileAttrs(source);
    expect(compiling).toThrow(AttrsSyntaxError);
    expect(compiling).toThrow(
      expect.objectContaining({ at, message: expect.stringContaining(message) as string }) as Error,
    );
  });
});

describe('what a request or an expression can cost is bounded', () => {
  test.each([
    "'a' * 1000000000",
    '[a for a in [0] * 100 for b in [0] * 100 for c in [0] * 100]',
    "'%s' % (['a' * 100000] * 2 + [['a' * 100000]] * 2)",
    "'abcdefgh' * 20000 * 20000",
    '[0] * 100000 * 100000',
    "[['a' * 1000] * 100] * 100",
    "('a' * 100000).replace('a', 'b' * 100000)",
    "('x' * 1000).join(['y'] * 10000)",
    "str([[[['a'] * 100] * 100] * 100] * 100)",
    "len([' '] * 200000) + len([' '] * 200000) + len([' '] * 200000) + len([' '] * 200000)",
    "('a' * 100000).find('a' * 50000 + 'b')",
  ])('%s', (source) => {
    expect(value(source)).toBe('error');
  });

  test('a long chain needs no deep stack', () => {
    expect(value(`'a'${'.lower()'.repeat(400)}`)).toBe('"a"');
    expect(value(Array.from({ length: 400 }, () => 'True').join(' and '))).toBe('True');
    expect(value(`'a'${'[0]'.repeat(1300)}`)).toBe('"a"');
  });

  test('a request with the longest headers still answers', () => {
    const long = { a: 'a'.repeat(100_000), b: `${'a'.repeat(50_000)}b` };
    expect(compileAttrs("attrs['a'].startswith('a')").isSatisfied(long)).toBe(true);
    expect(compileAttrs("attrs['b'] in attrs['a']").isSatisfied(long)).toBe(false);
  });

  test('an attribute named like a property of objects is only there if it was sent', () => {
    expect(compileAttrs("'constructor' in attrs or attrs.get('__proto__')").isSatisfied({})).toBe(false);
    expect(compileAttrs("attrs['constructor'] == attrs['constructor']").isSatisfied({})).toBe(false);
  });
});

test('no text makes the compiler fail but by its own error, nor the evaluation at all', () => {
  const word = fc.constantFrom(
    ...[
      'attrs',
      "'a'",
      "':path'",
      '1',
      '0',
      '[',
      ']',
      '(',
      ')',
      '{',
      '}',
      ':',
      ',',
      '.',
      'get',
      'find',
      'split',
      'join',
      'replace',
    ],
    ...[
      'and',
      'or',
      'not',
      'in',
      'if',
      'else',
      '==',
      '<',
      '+',
      '-',
      '*',
      '//',
      '%',
      'len(',
      'int(',
      'str(',
      'list(',
      '"',
      "r'",
      '\\',
    ],
  );
  const source = fc.oneof(
    fc.array(word, { maxLength: 20 }).map((words) => words.join(' ')),
    fc.string({ maxLength: 60 }),
    fc.string({ unit: 'binary', maxLength: 30 }),
  );
  fc.assert(
    fc.property(source, (text) => {
      let program;
      try {
        program = compileAttrs(text);
      } catch (error) {
        expect(error).toBeInstanceOf(AttrsSyntaxError);
        return;
      }
      expect(typeof program.isSatisfied(request)).toBe('boolean');
    }),
    { numRuns: 3000 },
  );
});

/** Expressions that always have a value, with the value that JavaScript gives them. */
const arithmetic = fc.letrec<{ number: readonly [string, number]; truth: readonly [string, boolean] }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 4 },
    fc.integer({ min: -50, max: 50 }).map((n) => [n < 0 ? `(${n})` : String(n), n] as const),
    fc.tuple(tie('number'), tie('number')).map(([a, b]) => [`(${a[0]} + ${b[0]})`, a[1] + b[1]] as const),
    fc.tuple(tie('number'), tie('number')).map(([a, b]) => [`(${a[0]} - ${b[0]})`, a[1] - b[1]] as const),
    fc
      .tuple(tie('truth'), tie('number'), tie('number'))
      .map(([c, a, b]) => [`(${a[0]} if ${c[0]} else ${b[0]})`, c[1] ? a[1] : b[1]] as const),
  ),
  truth: fc.oneof(
    { maxDepth: 4 },
    fc.boolean().map((b) => [b ? 'True' : 'False', b] as const),
    fc.tuple(tie('number'), tie('number')).map(([a, b]) => [`(${a[0]} <= ${b[0]})`, a[1] <= b[1]] as const),
    fc.tuple(tie('number'), tie('number')).map(([a, b]) => [`${a[0]} != ${b[0]}`, a[1] !== b[1]] as const),
    tie('truth').map(([a, b]) => [`(not ${a})`, !b] as const),
    fc.tuple(tie('truth'), tie('truth')).map(([a, b]) => [`(${a[0]} and ${b[0]})`, a[1] && b[1]] as const),
    fc.tuple(tie('truth'), tie('truth')).map(([a, b]) => [`(${a[0]} or ${b[0]})`, a[1] || b[1]] as const),
  ),
}));

test('operators bind and answer as the same ones of JavaScript', () => {
  fc.assert(
    fc.property(arithmetic.truth, ([source, expected]) => {
      expect(compileAttrs(source).isSatisfied({}), source).toBe(expected);
    }),
    { numRuns: 1000 },
  );
});
