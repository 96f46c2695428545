import { describe, expect, it } from 'vitest';
import { load, summary } from '../load.fixture.js';

/** The place of the first diagnostic as "line:column-endColumn". */
function place(text: string): string {
  const { range } = load(text).diagnostics[0] ?? {};
  return range === undefined ? 'none' : `${range.line}:${range.column}-${range.endColumn}`;
}

describe('syntax errors', () => {
  it.each([
    ['a missing comma', '{\n  "log": {}\n  "stats": {}\n}', '3:3-10', /comma is missing/],
    ['a missing colon', '{\n  "log" {}\n}', '2:9-10', /colon/],
    ['a key without quotes', '{\n  log: {}\n}', '2:3-6', /double quotes|key/],
    ['single quotes', "{\n  'log': {}\n}", '2:3-8', /double quotes|key/],
    ['a word for a value', '{\n  "log": yes\n}', '2:10-13', /not a JSON value/],
    ['a string that does not end', '{\n  "log": "x\n}', '2:10-12', /string does not end/],
    ['a string that ends with a backslash', '{\r\n  "log": "x\\\r\n}', '2:10-13', /string does not end|escape/],
    ['a comment that does not end', '{\n  "log": {} /* x\n}', '2:13-14', /comment/],
    ['an unknown escape', '{\n  "log": "\\x"\n}', '2:10-14', /escape/],
    ['a bracket too few', '{\n  "log": {\n}\n', '3:1-2', /ends too early/],
    ['the wrong bracket', '{\n  "inbounds": [}\n}', '2:16-17', /./],
    ['a control character', '{\n  "log": "\u0001"\n}', '2:10-13', /control/],
    ['an empty file', '', '1:1-1', /empty/],
    ['nothing but comments', '# {}\n', '1:1-1', /empty/],
    ['no JSON at all', 'hello', '1:1-6', /./],
    ['another file format', 'inbounds:\n  - port: 1080\n', '1:1-9', /./],
  ])('%s', (_, text, where, message) => {
    const { config, diagnostics } = load(text);
    expect(config).toBeUndefined();
    expect(diagnostics[0]).toMatchObject({ code: 'C_SYNTAX', severity: 'error' });
    expect(diagnostics[0]?.message).toMatch(message);
    expect(place(text)).toBe(where);
  });

  it('reports several that are far from one another, and not every consequence', () => {
    const broken = Array.from({ length: 20 }, (_, n) => `"a${n}" 1,`).join('\n');
    expect(load(`{\n${broken}\n"z": 1}`).diagnostics).toHaveLength(3);
  });

  it('refuses what is nested too deeply, without falling over', () => {
    const result = load('['.repeat(200_000));
    expect(summary(result)).toEqual(['error C_SYNTAX ']);
  });

  it('counts places behind blanked comments exactly', () => {
    expect(place('# one\n/* two\n*/ {"log": /* x */ 5}')).toBe('3:20-21');
    expect(place('\uFEFF{"log": 5}')).toBe('1:9-10');
    expect(place('{"a😀": 1}')).toBe('1:2-7');
  });

  it('masks secrets in the sources of broken files, too', () => {
    const { sources } = load('{"inbounds": [{"secret": "b0cbcef5", oops');
    expect([...sources.values()].join()).not.toContain('b0cbcef5');
  });
});
