import type { ConfigNode, Member, ScalarNode } from '../source/node.js';
import type { Attached, Entry } from './attach.js';

/** How scalars are written: those that were taken for texts are texts. */
export type ScalarText = (node: ScalarNode) => string;

/** Lists of scalars that fit are written in one line. */
const WIDTH = 80;

/** The tree as JSON with comments. */
export function writeJsonc(root: ConfigNode, comments: Attached, scalar: ScalarText): string {
  const lines = [...valueLines(root, '')];
  lines.push(...comments.end.map((words) => `//${words}`));
  return `${lines.join('\n')}\n`;

  function valueLines(node: ConfigNode, indent: string): string[] {
    if (node.kind === 'scalar') return [scalar(node)];
    const [open, close] = node.kind === 'object' ? ['{', '}'] : ['[', ']'];
    const entries: readonly Entry[] = node.kind === 'object' ? node.members : node.items;
    const last = comments.inside.get(node) ?? [];
    if (entries.length === 0 && last.length === 0) return [`${open}${close}`];
    const short = node.kind === 'array' ? shortList(node.items) : undefined;
    if (short !== undefined && last.length === 0) return [short];
    const inner = `${indent}  `;
    const body = entries.flatMap((entry, index) => entryLines(entry, inner, index < entries.length - 1));
    return [open, ...body, ...last.map((words) => `${inner}//${words}`), `${indent}${close}`];
  }

  function entryLines(entry: Entry, indent: string, comma: boolean): string[] {
    const before = (comments.before.get(entry) ?? []).map((words) => `${indent}//${words}`);
    const key = isMember(entry) ? `${JSON.stringify(entry.key)}: ` : '';
    const own = valueLines(isMember(entry) ? entry.value : entry, indent);
    own[0] = `${indent}${key}${own[0] ?? ''}`;
    if (comma) own.push(`${own.pop() ?? ''},`);
    const words = comments.beside.get(entry);
    if (words !== undefined) own[0] += ` //${words}`;
    return [...before, ...own];
  }

  function shortList(items: readonly ConfigNode[]): string | undefined {
    if (items.some((item) => item.kind !== 'scalar' || comments.before.has(item) || comments.beside.has(item)))
      return undefined;
    const line = `[${items.map((item) => scalar(item as ScalarNode)).join(', ')}]`;
    return line.length <= WIDTH ? line : undefined;
  }
}

export function isMember(entry: Entry): entry is Member {
  return 'key' in entry;
}
