import { formatDiagnostic, type Diagnostic, type Severity } from '@sluice/config';
import { SluiceError } from '@sluice/plugin-api';

/** Prints diagnostics to standard error, errors first, each with its place; hints only where they are asked for. */
export function reportDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  { hints = false } = {},
): void {
  const shown = diagnostics.filter(({ severity }) => hints || severity !== 'info');
  const bySeverity = shown.sort((a, b) => rank(a) - rank(b));
  for (const diagnostic of bySeverity) {
    const source = diagnostic.range === undefined ? undefined : sources.get(diagnostic.range.file);
    process.stderr.write(`${formatDiagnostic(diagnostic, source)}\n`);
  }
}

function rank(diagnostic: Diagnostic): number {
  return ['error', 'warning', 'info'].indexOf(diagnostic.severity);
}

/** "3 errors, 1 warning", and ", 2 hints" if there are any. */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const count = (wanted: Severity, noun: string): string => {
    const n = diagnostics.filter(({ severity }) => severity === wanted).length;
    return `${n} ${noun}${n === 1 ? '' : 's'}`;
  };
  const hints = count('info', 'hint');
  return [count('error', 'error'), count('warning', 'warning'), ...(hints.startsWith('0 ') ? [] : [hints])].join(', ');
}

/** Prints why a command failed; a fault of ours comes with its stack. */
export function reportError(error: unknown): void {
  if (error instanceof SluiceError && error.code !== 'E_INTERNAL') {
    process.stderr.write(`sluice: ${error.message} (${error.code})\n`);
  } else {
    process.stderr.write(`sluice: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  }
}
