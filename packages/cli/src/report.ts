import { formatDiagnostic, type Diagnostic } from '@sluice/config';
import { SluiceError } from '@sluice/plugin-api';

/** Prints diagnostics to standard error, errors first, each with its place. */
export function reportDiagnostics(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>): void {
  const bySeverity = [...diagnostics].sort((a, b) => rank(a) - rank(b));
  for (const diagnostic of bySeverity) {
    const source = diagnostic.range === undefined ? undefined : sources.get(diagnostic.range.file);
    process.stderr.write(`${formatDiagnostic(diagnostic, source)}\n`);
  }
}

function rank(diagnostic: Diagnostic): number {
  return diagnostic.severity === 'error' ? 0 : 1;
}

/** "3 errors, 1 warning". */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
  return `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
}

/** Prints why a command failed; a fault of ours comes with its stack. */
export function reportError(error: unknown): void {
  if (error instanceof SluiceError && error.code !== 'E_INTERNAL') {
    process.stderr.write(`sluice: ${error.message} (${error.code})\n`);
  } else {
    process.stderr.write(`sluice: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  }
}
