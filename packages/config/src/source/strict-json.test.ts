import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problems } from '../diagnostics/problems.js';
import { readJsonc } from './jsonc.js';
import { Source } from './source.js';

/** Reads in both ways, which must agree in every respect. @returns whether there is no fault */
function compare(text: string): boolean {
  const source = new Source('a.json', text);
  const [problems, others] = [new Problems(), new Problems()];
  const quick = readJsonc(source, problems);
  const complete = readJsonc(source, others, { isComplete: true });
  expect(quick, text).toEqual(complete);
  expect(problems.sorted([]), text).toEqual(others.sorted([]));
  return quick !== undefined;
}

describe('JSON without faults', () => {
  it('is read as the complete reader reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        expect(compare(JSON.stringify(value, null, indent))).toBe(true);
      }),
    );
    expect(compare('// a\n{"a": [1, /* b */ "\\u00e4\\n",], "b": {"c/~": -1.5e3,},} # d')).toBe(true);
  });

  it('is read alike after any change of some characters', () => {
    const text = '{"a": [1, -0.5e2, "x\\n", true, null], /* c */\n "b": {"c": "é", "d": []}, # e\n "f": {}}\n';
    const piece = fc.oneof(
      fc.constantFrom(
        '',
        ' ',
        '\n',
        '\r',
        '\t',
        ',',
        ':',
        '[',
        ']',
        '{',
        '}',
        '"',
        '\\',
        '/',
        '*',
        '#',
        "'",
        '-',
        '.',
        '+',
      ),
      fc.constantFrom(
        '0',
        '1',
        'e',
        'true',
        'nul',
        '"a": 1,',
        '\\u12',
        '\u0001',
        '\u00a0',
        '\uFEFF',
        '1e999',
        '//',
        '/*',
        '*/',
      ),
    );
    const change = fc.tuple(fc.nat(text.length), fc.nat(3), piece);
    let fine = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let changed = text;
        for (const [at, length, by] of changes) changed = changed.slice(0, at) + by + changed.slice(at + length);
        if (compare(changed)) fine += 1;
      }),
      { numRuns: 3000 },
    );
    expect(fine).toBeGreaterThan(100);
  });
});
