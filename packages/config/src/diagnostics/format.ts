import type { Diagnostic, SourceRange } from '../model.js';
import { maskSecrets } from '../source/secret-mask.js';

/** How much of a long line is shown. */
const WIDTH = 100;

/**
 * A diagnostic for a terminal: "file:line:column severity code message", then the line with a
 * caret, then what was found and expected, and where else to look. Secrets in the text are masked.
 * @param sourceText the text of the diagnostic's file, as in `sources` of a load result
 */
export function formatDiagnostic(diagnostic: Diagnostic, sourceText?: string): string {
  const { code, severity, message, pointer, range, found, expected, suggestion, related = [] } = diagnostic;
  const where = placeOf(pointer, range);
  const lines = [printable(`${where} ${severity} ${code} ${message}`)];
  if (range !== undefined && sourceText !== undefined) lines.push(...frame(range, sourceText));
  const notes = [];
  if (found !== undefined) notes.push(`found ${found}`);
  if (expected !== undefined && !message.includes(expected)) notes.push(`expected ${expected}`);
  if (suggestion !== undefined) notes.push(`did you mean ${suggestion}?`);
  if (notes.length > 0) lines.push(printable(`    ${notes.join('; ')}`));
  for (const other of related) lines.push(printable(`    see ${placeOf(other.pointer, other.range)} ${other.message}`));
  return lines.join('\n');
}

function placeOf(pointer: string, range: SourceRange | undefined): string {
  if (range === undefined) return pointer === '' ? '/' : pointer;
  return `${range.file}:${range.line}:${range.column}`;
}

/** The text that was shown last: a file has many diagnostics, and can be long. */
let last: { readonly text: string; readonly lines: readonly string[] } | undefined;

function linesOf(text: string): readonly string[] {
  if (last?.text !== text) last = { text, lines: maskSecrets(text).split(/\r\n|\n|\r/) };
  return last.lines;
}

function frame({ line, column, endLine, endColumn }: SourceRange, text: string): string[] {
  const whole = linesOf(text)[line - 1];
  if (whole === undefined || whole.trim() === '') return [];
  const start = column - 1;
  const end = Math.max(start + 1, endLine === line ? endColumn - 1 : whole.length);
  const from = whole.length <= WIDTH ? 0 : Math.max(0, Math.min(start - 30, whole.length - WIDTH));
  const shown = whole.slice(from, from + WIDTH);
  const caret = '^'.repeat(Math.max(1, Math.min(end, from + WIDTH) - start));
  const number = String(line);
  return [`  ${number} | ${printable(shown)}`, `  ${' '.repeat(number.length)} | ${' '.repeat(start - from)}${caret}`];
}

/** Nothing of a file may steer the terminal. */
function printable(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '·');
}
