import type { Problems } from '../diagnostics/problems.js';
import type { Format } from './format.js';
import { readJsonc } from './jsonc.js';
import type { ConfigNode } from './node.js';
import type { ReadingOptions } from './reading-options.js';
import type { Source } from './source.js';

/** Reads a text into a tree. @returns undefined if the text has errors, which were reported */
export type Reader = (source: Source, problems: Problems, options?: ReadingOptions) => ConfigNode | undefined;

const ready = new Map<Format, Reader>([
  ['json', readJsonc],
  ['jsonc', readJsonc],
]);

/** Loads what reads these formats: the libraries of those that are not used would slow every start. */
export async function prepareReaders(formats: Iterable<Format>): Promise<void> {
  for (const format of new Set(formats)) {
    if (ready.has(format)) continue;
    if (format === 'yaml') ready.set(format, (await import('./yaml.js')).readYaml);
    else if (format === 'toml') ready.set(format, (await import('./toml.js')).readToml);
  }
}

/** The format's reader, if it was prepared. */
export function readerOf(format: Format): Reader | undefined {
  return ready.get(format);
}
