import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { namedFormat } from '@sluice/config';

/** As the setting `sluice.files` has it: each entry is a configuration, of a file or folder, or of several. */
export type FilesSetting = readonly (string | readonly string[])[];

/** More are not read while somebody types. */
const MAX_FILES = 100;

/** Folders that are called so hold one configuration in several files. */
const FOLDER = /^confdir$|\.d$/i;

/**
 * The files that make one configuration with a file, itself among them, in the order in which they are merged; the
 * file alone if there are no others.
 * @param roots the folders from which the setting's paths go
 */
export function groupOf(file: string, setting: FilesSetting, roots: readonly string[]): readonly string[] {
  for (const root of roots) {
    for (const entry of setting) {
      const paths = typeof entry === 'string' ? [entry] : entry;
      const files = paths.flatMap((path) => filesOf(resolve(root, path)));
      if (files.includes(file) && files.length <= MAX_FILES) return [...new Set(files)];
    }
  }
  const folder = dirname(file);
  if (!FOLDER.test(basename(folder))) return [file];
  const files = filesOf(folder);
  return files.includes(file) && files.length <= MAX_FILES ? files : [file];
}

/** The file, or of a folder those in it that are called like configurations, as `sluice check` takes them. */
function filesOf(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && namedFormat(entry.name) !== undefined)
      .map(({ name }) => name)
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      .map((name) => join(path, name));
  } catch {
    return [];
  }
}

/** What an editor's settings say, as far as it has the right form. */
export function filesSetting(value: unknown): FilesSetting {
  const isPaths = (one: unknown): one is string | readonly string[] =>
    typeof one === 'string' || (Array.isArray(one) && one.every((path) => typeof path === 'string'));
  return Array.isArray(value) ? value.filter(isPaths) : [];
}
