import { loadTexts, type LoadOptions, type TextLoadResult } from './load.js';
import type { Diagnostic } from './model.js';
import { plugins } from './plugins.fixture.js';

type Options = Partial<LoadOptions>;

/** Loads one text as "config.json" with the plugins of the fixture. */
export function load(text: string, options: Options = {}): TextLoadResult {
  return loadTexts([{ file: 'config.json', text }], { plugins, env: {}, ...options });
}

/** Loads a value by way of its text, so that diagnostics have places. */
export function loadValue(value: unknown, options: Options = {}): TextLoadResult {
  return load(JSON.stringify(value, null, 2), options);
}

/** What is wrong, without hints: few examples lead to all of their outbounds. */
export function faults({ diagnostics }: { diagnostics: readonly Diagnostic[] }): Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity !== 'info');
}

/** "error C_PORT /inbounds/0/port" for each fault, in their order. */
export function summary(result: { diagnostics: readonly Diagnostic[] }): string[] {
  return faults(result).map(({ severity, code, pointer }) => `${severity} ${code} ${pointer}`);
}

/** The text that a diagnostic's range covers. */
export function covered(text: string, { range }: Diagnostic): string {
  if (range === undefined) return '';
  const lines = text.split('\n');
  if (range.line !== range.endLine) return lines.slice(range.line - 1, range.endLine).join('\n');
  return (lines[range.line - 1] ?? '').slice(range.column - 1, range.endColumn - 1);
}

/** An inbound of the fixture's protocol. */
export function inbound(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { tag: 'in', listen: '127.0.0.1', port: 1080, protocol: 'echo', ...more };
}

/** An outbound of the fixture's protocol. */
export function outbound(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { tag: 'out', protocol: 'exit', ...more };
}
