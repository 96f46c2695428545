import { stat, writeFile } from 'node:fs/promises';
import { convertText, namedFormat, readText, type Format } from '@sluice/config';
import { SluiceError } from '@sluice/plugin-api';
import { plugins } from '../config-files.js';
import { reportDiagnostics } from '../report.js';

export interface ConvertOptions {
  readonly to?: Format;
  readonly format?: Format;
  readonly output?: string;
  readonly force?: boolean;
}

/**
 * `sluice convert`: writes a configuration in another format, to the standard output or a file. What
 * is lost on the way is said on the standard error. @returns the exit code
 * @throws SluiceError E_CONFIG_INVALID if a file cannot be read or written
 */
export async function convert(file: string, options: ConvertOptions): Promise<number> {
  const { output } = options;
  const from = options.format ?? namedFormat(file) ?? 'jsonc';
  const to =
    options.to ?? (output === undefined ? undefined : namedFormat(output)) ?? (from === 'yaml' ? 'jsonc' : 'yaml');
  const text = await attempt(`${file} cannot be read`, () => readText(file));
  const converted = await convertText({ file, text, format: from }, to, { plugins });
  reportDiagnostics(converted.diagnostics, converted.sources);
  for (const lost of converted.lost) process.stderr.write(`sluice: not kept: ${lost}\n`);
  if (converted.text === undefined) return 1;
  if (output === undefined) {
    process.stdout.write(converted.text);
    return 0;
  }
  const { text: written } = converted;
  await attempt(`${output} cannot be written (--force takes the place of a file that is there)`, async () => {
    // Who may read the secrets of one may read those of the other.
    const mode = await stat(file).then(
      (found) => found.mode & 0o777,
      () => 0o600,
    );
    await writeFile(output, written, { flag: options.force === true ? 'w' : 'wx', mode });
  });
  return 0;
}

async function attempt<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new SluiceError('E_CONFIG_INVALID', `${what}: ${code}`);
  }
}
