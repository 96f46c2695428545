import type { Diagnostic as Problem } from '@sluice/config';
import {
  DiagnosticSeverity,
  DiagnosticTag,
  type Diagnostic,
  type DiagnosticRelatedInformation,
  type Position,
  type Range,
} from 'vscode-languageserver';

/** Told with each diagnostic, and given back with the question what mends it. */
export interface DiagnosticData {
  /** What may have been meant, as it is written without quotes. */
  readonly suggestion?: string;
}

const severities = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
} as const;

/** Only of these a suggestion takes the place of what is there. */
const REPLACED: ReadonlySet<string> = new Set([
  'C_UNKNOWN_KEY',
  'C_VALUE',
  'C_UNKNOWN_PROTOCOL',
  'C_UNKNOWN_RULE_TYPE',
  'C_UNKNOWN_OUTBOUND',
  'C_UNKNOWN_INBOUND',
  'C_UNKNOWN_BALANCER',
  'C_UNKNOWN_STRATEGY',
  'C_EMPTY_SELECTOR',
]);

/**
 * A problem of a configuration, in the protocol's words. Without a place it is told at the beginning.
 * @param uriOf of a file; undefined for editors that show one place only
 */
export function toDiagnostic(problem: Problem, uriOf?: (file: string) => string): Diagnostic {
  const { code, severity, message, range, found, expected, suggestion, related = [] } = problem;
  const notes = [
    ...(found === undefined ? [] : [`found ${found}`]),
    ...(expected === undefined || message.includes(expected) ? [] : [`expected ${expected}`]),
    ...(suggestion === undefined ? [] : [`did you mean ${suggestion}?`]),
  ];
  const meant = REPLACED.has(code) ? unquoted(suggestion) : undefined;
  const data: DiagnosticData = meant === undefined ? {} : { suggestion: meant };
  const tags =
    code === 'C_DEPRECATED'
      ? [DiagnosticTag.Deprecated]
      : code === 'C_IGNORED'
        ? [DiagnosticTag.Unnecessary]
        : undefined;
  return {
    source: 'sluice',
    code,
    severity: severities[severity],
    message: [message, ...notes].join('\n'),
    range: toRange(range),
    data,
    ...(uriOf === undefined || related.length === 0 ? {} : { relatedInformation: elsewhere(related, uriOf) }),
    ...(tags === undefined ? {} : { tags }),
  };
}

/** The same in a text with a byte order mark, which editors count if they have it, and the loader does not. */
export function afterMark(diagnostic: Diagnostic): Diagnostic {
  const moved = ({ line, character }: Position): Position => ({
    line,
    character: line === 0 ? character + 1 : character,
  });
  const { start, end } = diagnostic.range;
  return { ...diagnostic, range: { start: moved(start), end: moved(end) } };
}

function elsewhere(
  related: NonNullable<Problem['related']>,
  uriOf: (file: string) => string,
): DiagnosticRelatedInformation[] {
  return related.flatMap(({ message, range }) =>
    range === undefined ? [] : [{ message, location: { uri: uriOf(range.file), range: toRange(range) } }],
  );
}

function toRange(range: Problem['range']): Range {
  return {
    start: { line: (range?.line ?? 1) - 1, character: (range?.column ?? 1) - 1 },
    end: { line: (range?.endLine ?? 1) - 1, character: (range?.endColumn ?? 1) - 1 },
  };
}

function unquoted(suggestion: string | undefined): string | undefined {
  if (suggestion === undefined || !suggestion.startsWith('"')) return suggestion;
  try {
    const value: unknown = JSON.parse(suggestion);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
