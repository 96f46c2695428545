import { extname } from 'node:path';

/** What a configuration can be written in. JSON is read as JSONC is. */
export type Format = 'json' | 'jsonc' | 'yaml' | 'toml';

export const FORMATS: readonly Format[] = ['json', 'jsonc', 'yaml', 'toml'];

const byEnding: Readonly<Record<string, Format>> = {
  '.json': 'json',
  '.jsonc': 'jsonc',
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.toml': 'toml',
};

/** The format by the ending of the file's name, whatever folder it is in; undefined for other endings. */
export function namedFormat(file: string): Format | undefined {
  return byEnding[extname(file).toLowerCase()];
}

/** The same, where V2Ray's own is taken for every other ending. */
export function formatOf(file: string): Format {
  return namedFormat(file) ?? 'jsonc';
}
