import type { Format } from '@sluice/config';
import { loadConfigFiles } from '../config-files.js';
import { countDiagnostics, reportDiagnostics } from '../report.js';

export interface CheckOptions {
  readonly json?: boolean;
  readonly format?: Format;
  readonly strict?: boolean;
  readonly merge?: boolean;
  readonly plugin?: readonly string[];
}

/**
 * `sluice check`: says what is wrong with configuration files, each by itself or all merged.
 * @returns 0 if they can be run, else 1
 */
export async function check(files: readonly string[], options: CheckOptions): Promise<number> {
  const groups = options.merge === true ? [files] : files.map((file) => [file]);
  const loading = { strict: options.strict ?? false, pluginNames: options.plugin ?? [], format: options.format };
  const checked = [];
  for (const group of groups) {
    const loaded = await loadConfigFiles(group, loading);
    checked.push({ files: group, ok: loaded.config !== undefined, ...loaded });
  }
  const ok = checked.every((each) => each.ok);
  if (options.json === true) {
    const diagnostics = checked.flatMap((each) => each.diagnostics);
    process.stdout.write(`${JSON.stringify({ ok, diagnostics }, null, 2)}\n`);
    return ok ? 0 : 1;
  }
  for (const { files: group, ok: fine, diagnostics, sources } of checked) {
    reportDiagnostics(diagnostics, sources, { hints: true });
    process.stdout.write(`${group.join(', ')}: ${fine ? 'OK' : 'refused'} (${countDiagnostics(diagnostics)})\n`);
  }
  return ok ? 0 : 1;
}
