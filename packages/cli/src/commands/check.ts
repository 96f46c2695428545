import { loadConfigFiles } from '../config-files.js';
import { countDiagnostics, reportDiagnostics } from '../report.js';

export interface CheckOptions {
  readonly json?: boolean;
  readonly strict?: boolean;
}

/** `sluice check`: says what is wrong with configuration files. @returns 0 if they can be run, else 1 */
export async function check(files: readonly string[], options: CheckOptions): Promise<number> {
  const loaded = await loadConfigFiles(files, { strict: options.strict ?? false });
  const ok = loaded.config !== undefined;
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ ok, diagnostics: loaded.diagnostics }, null, 2)}\n`);
  } else {
    reportDiagnostics(loaded.diagnostics, loaded.sources);
    process.stdout.write(`${files.join(', ')}: ${ok ? 'OK' : 'refused'} (${countDiagnostics(loaded.diagnostics)})\n`);
  }
  return ok ? 0 : 1;
}
