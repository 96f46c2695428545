import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../model.js';
import { formatDiagnostic } from './format.js';

const diagnostic: Diagnostic = {
  code: 'C_PORT',
  severity: 'error',
  message: 'port 70000 is not between 1 and 65535',
  pointer: '/inbounds/0/port',
  range: { file: 'a.json', line: 2, column: 11, endLine: 2, endColumn: 16 },
  found: '70000',
  expected: 'a port',
  suggestion: '7000',
};

describe('formatDiagnostic', () => {
  it('shows place, code, message, the line with a caret, and what could be meant', () => {
    expect(formatDiagnostic(diagnostic, '{\n  "port": 70000,\n}')).toBe(
      [
        'a.json:2:11 error C_PORT port 70000 is not between 1 and 65535',
        '  2 |   "port": 70000,',
        '    |           ^^^^^',
        '    found 70000; expected a port; did you mean 7000?',
      ].join('\n'),
    );
  });

  it('says where else to look', () => {
    const related = [
      {
        message: 'the other one',
        pointer: '/inbounds/1',
        range: { file: 'b\u001b.json', line: 7, column: 3, endLine: 7, endColumn: 4 },
      },
      { message: 'and one of no file', pointer: '/inbounds/2' },
    ];
    expect(
      formatDiagnostic({ ...diagnostic, related })
        .split('\n')
        .slice(2),
    ).toEqual(['    see b·.json:7:3 the other one', '    see /inbounds/2 and one of no file']);
  });

  it('shows the pointer where there is no place', () => {
    const withoutRange = { ...diagnostic, range: undefined };
    expect(formatDiagnostic({ ...withoutRange, severity: 'warning' }).split('\n')[0]).toBe(
      '/inbounds/0/port warning C_PORT port 70000 is not between 1 and 65535',
    );
  });

  it('masks secrets in the line', () => {
    const shown = formatDiagnostic(diagnostic, '\n"secret": "b0cbcef5", "port": 70000');
    expect(shown).not.toContain('b0cbcef5');
    expect(shown).toContain('"secret": "********"');
  });

  it('shows a window of a long line, with the caret under its place', () => {
    const line = `{"a": "${'x'.repeat(500)}", "port": 70000, "b": "${'y'.repeat(500)}"}`;
    const column = line.indexOf('70000') + 1;
    const range = { file: 'a.json', line: 1, column, endLine: 1, endColumn: column + 5 };
    const [, shown, caret] = formatDiagnostic({ ...diagnostic, range }, line).split('\n') as [string, string, string];
    expect(shown.length).toBeLessThan(120);
    expect(shown.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('70000');
  });

  it('lets nothing steer the terminal', () => {
    const shown = formatDiagnostic({ ...diagnostic, found: '"\u001b[2J"' }, '\n\t"\u001b]0;x\u0007": 70000');
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});
