import type { Format } from '@sluice/config';
import { readJson } from './json-text.js';
import type { TextNode } from './text-tree.js';
import { readYaml } from './yaml-text.js';

/** @returns undefined if nothing can be read, and for formats that are not read here */
export function readTree(text: string, format: Format): TextNode | undefined {
  if (format === 'yaml') return readYaml(text);
  return format === 'toml' ? undefined : readJson(text);
}
