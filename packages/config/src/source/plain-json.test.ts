import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainJson } from './plain-json.js';

describe('plainJson', () => {
  it.each([
    ['{"a": 1} // end', '{"a": 1}       '],
    ['# top\n{"a": 1}', '     \n{"a": 1}'],
    ['{/* one\r\ntwo */"a": 1}', '{      \r\n      "a": 1}'],
    ['{"a": "# no // no /* no */"}', '{"a": "# no // no /* no */"}'],
    ['{"a": "\\"# no"}# yes', '{"a": "\\"# no"}     '],
    ['{"a": "not closed\n# yes\n}', '{"a": "not closed\n     \n}'],
  ])('blanks comments outside strings: %j', (text, expected) => {
    expect(plainJson(text).text).toBe(expected);
  });

  it('leaves a block comment that does not end for the parser', () => {
    expect(plainJson('{} /* open').text).toBe('{} /* open');
  });

  it('finds the end of the first object', () => {
    expect(plainJson('{"a": [1, {}]} {"b": 2}').end).toBe(14);
    expect(plainJson('{"a": "}"').end).toBe(9);
  });

  it('counts how deep brackets are nested', () => {
    expect(plainJson('[[{"a": "[[["}]]').depth).toBe(3);
  });

  it('keeps every offset and line end', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('"', '\\', '#', '/', '*', '\n', '\r', '{', '}', '[', 'a', ' ', '😀') }),
        (text) => {
          const plain = plainJson(text).text;
          expect(plain).toHaveLength(text.length);
          for (let i = 0; i < text.length; i += 1) expect([text[i], ' ']).toContain(plain[i]);
          expect(plain.replaceAll(/[^\r\n]/g, '')).toBe(text.replaceAll(/[^\r\n]/g, ''));
        },
      ),
    );
  });
});
