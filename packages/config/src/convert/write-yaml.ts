import type { ConfigNode } from '../source/node.js';
import type { Attached, Entry } from './attach.js';
import { isMember, type ScalarText } from './write-jsonc.js';

/** Texts that no version of YAML takes for something else. */
const PLAIN = /^[A-Za-z_/][A-Za-z0-9_/.+-]*$/;
const WORDS = /^(true|false|yes|no|on|off|y|n|null)$/i;

/** The tree as YAML, in blocks. */
export function writeYaml(root: ConfigNode, comments: Attached, scalar: ScalarText): string {
  const lines =
    root.kind === 'scalar'
      ? [text(scalar(root))]
      : [...((comments.inside.get(root) ?? []).length + size(root) === 0 ? [empty(root)] : block(root, ''))];
  lines.push(...comments.end.map((words) => `#${words}`));
  return `${lines.join('\n')}\n`;

  /** The members or items of what is not empty. */
  function block(node: ConfigNode, indent: string): string[] {
    if (node.kind === 'scalar') return [];
    const entries: readonly Entry[] = node.kind === 'object' ? node.members : node.items;
    const last = (comments.inside.get(node) ?? []).map((words) => `${indent}#${words}`);
    if (entries.length === 0) return [...last, `${indent}${empty(node)}`];
    return [...entries.flatMap((entry) => entryLines(entry, indent)), ...last];
  }

  function entryLines(entry: Entry, indent: string): string[] {
    const before = (comments.before.get(entry) ?? []).map((words) => `${indent}#${words}`);
    const words = comments.beside.get(entry);
    const beside = words === undefined ? '' : ` #${words}`;
    const value = isMember(entry) ? entry.value : entry;
    const head = isMember(entry) ? `${text(JSON.stringify(entry.key))}:` : '-';
    if (value.kind === 'scalar') return [...before, `${indent}${head} ${text(scalar(value))}${beside}`];
    if (size(value) === 0) {
      const inner = (comments.inside.get(value) ?? []).map((line) => `${indent}#${line}`);
      return [...before, ...inner, `${indent}${head} ${empty(value)}${beside}`];
    }
    const body = block(value, `${indent}  `);
    // An item's first member stands beside its dash, where no comment comes between.
    const [first = ''] = body;
    if (head === '-' && value.kind === 'object' && !first.trimStart().startsWith('#') && beside === '')
      return [...before, `${indent}- ${first.trimStart()}`, ...body.slice(1)];
    return [...before, `${indent}${head}${beside}`, ...body];
  }
}

function size(node: ConfigNode): number {
  if (node.kind === 'scalar') return 1;
  return node.kind === 'object' ? node.members.length : node.items.length;
}

function empty(node: ConfigNode): string {
  return node.kind === 'object' ? '{}' : '[]';
}

/** A scalar of JSON is one of YAML; plain texts do without their quotes. */
function text(json: string): string {
  if (!json.startsWith('"')) return json;
  const inner = json.slice(1, -1);
  return PLAIN.test(inner) && !WORDS.test(inner) ? inner : escaped(json);
}

/** What JSON may hold as it is, and YAML and TOML not. */
export function escaped(json: string): string {
  return json.replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
