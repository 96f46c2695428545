import { loadTree, type LoadOptions, type TextFile, type TextLoadResult } from '../load.js';
import type { Format } from '../source/format.js';
import type { ConfigNode, ScalarNode } from '../source/node.js';
import type { Problems } from '../diagnostics/problems.js';
import { attach, type Attached } from './attach.js';
import { commentsOf } from './comments.js';
import { writeJsonc } from './write-jsonc.js';
import { writeToml } from './write-toml.js';
import { writeYaml } from './write-yaml.js';

export interface Converted {
  /** The configuration in the other format, secrets and all; undefined if it could not be read. */
  readonly text?: string | undefined;
  /** What the other format has no place for, in words that hold no secrets. */
  readonly lost: readonly string[];
  readonly diagnostics: TextLoadResult['diagnostics'];
  readonly sources: TextLoadResult['sources'];
}

/**
 * Writes a configuration in another format, with the order of its keys and with its comments as far
 * as the format has places for them: plain JSON has none.
 */
export async function convertText(file: TextFile, to: Format, options: LoadOptions): Promise<Converted> {
  const { node, format, source, problems, result } = await loadTree(file, options);
  const { diagnostics, sources } = result;
  if (node === undefined) return { lost: [], diagnostics, sources };
  const found = await commentsOf(source.text, format);
  const comments = attach(node, to === 'json' ? [] : found, source.text, format === 'yaml');
  const lost: string[] = [];
  if (to === 'json' && found.length > 0) lost.push(`${found.length} comments: JSON has none; jsonc keeps them`);
  if (format === 'yaml' && /(^|[\s[{,])\*[^\s,[\]{}]+/.test(source.text))
    lost.push('anchors and aliases: what they repeat is written out');
  const text = write(node, to, comments, problems, lost);
  // That the configuration could not be run is not what was asked.
  const unread = diagnostics.filter(({ code }) => code === 'C_DUPLICATE_KEY' || code === 'C_TRAILING');
  return { text, lost, diagnostics: unread, sources };
}

function write(
  node: ConfigNode,
  to: Format,
  comments: Attached,
  { taken }: Problems,
  lost: string[],
): string | undefined {
  const scalar = ({ value, written, place }: ScalarNode): string => {
    if (written !== undefined && (taken.has(place) || !isExact(value, written))) return JSON.stringify(written);
    return JSON.stringify(value);
  };
  if (to === 'yaml') return writeYaml(node, comments, scalar);
  if (to !== 'toml') return writeJsonc(node, comments, scalar);
  if (node.kind !== 'object') {
    lost.push('everything: TOML takes an object only');
    return undefined;
  }
  const toml = writeToml(node, comments, scalar);
  lost.push(...toml.lost);
  return toml.text;
}

/** Whether another format says the same number; else it was more likely meant as a text, such as 0012. */
function isExact(value: ScalarNode['value'], written: string): boolean {
  if (typeof value !== 'number') return true;
  return String(value) === written || /^0[xo]/.test(written) || /^[-+]?\d{1,8}\.\d{1,8}$/.test(written);
}
