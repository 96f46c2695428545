import type { ArrayNode, ConfigNode, Member, ObjectNode } from '../source/node.js';
import type { Attached, Entry } from './attach.js';
import { isMember, type ScalarText } from './write-jsonc.js';
import { escaped } from './write-yaml.js';

export interface TomlText {
  readonly text: string;
  /** What TOML has no place for, in words. */
  readonly lost: readonly string[];
}

/** The tree as TOML: in each table plain values come first, then further tables. Nulls are left out. */
export function writeToml(root: ObjectNode, comments: Attached, scalar: ScalarText): TomlText {
  const lost = new Set<string>();
  const lines: string[] = [];
  table(root, []);
  lines.push(...comments.end.map((words) => `#${words}`));
  const text = `${lines.join('\n')}\n`.replace(/^\n+/, '');
  return { text, lost: [...lost] };

  function table(node: ObjectNode, path: readonly string[]): void {
    const members = node.members.filter((member) => !isNull(member.value, member.key));
    const tables = members.filter(({ value }) => isTable(value) || isTables(value));
    for (const member of members) if (!tables.includes(member)) lines.push(...pair(member));
    note(comments.inside.get(node));
    for (const member of tables) heading(member, [...path, member.key]);
  }

  function heading(member: Member, path: readonly string[]): void {
    const name = path.map(keyText).join('.');
    const { value } = member;
    if (value.kind === 'object') {
      lines.push('');
      note(comments.before.get(member));
      lines.push(`[${name}]${beside(member)}`);
      table(value, path);
      return;
    }
    for (const [index, item] of (value as ArrayNode).items.entries()) {
      lines.push('');
      if (index === 0) note(comments.before.get(member));
      note(comments.before.get(item));
      lines.push(`[[${name}]]${index === 0 ? beside(member) : ''}${beside(item)}`);
      table(item as ObjectNode, path);
    }
    note(comments.inside.get(value));
  }

  function pair(member: Member): string[] {
    const before = (comments.before.get(member) ?? []).map((words) => `#${words}`);
    const own = `${keyText(member.key)} = `;
    const value = member.value;
    const values = value.kind === 'array' && value.items.some(hasComments) ? listLines(value) : [inline(value)];
    values[0] = `${own}${values[0] ?? ''}`;
    values.push(`${values.pop() ?? ''}${beside(member)}`);
    return [...before, ...values];
  }

  /** A list whose items have comments, each in a line. */
  function listLines(node: ArrayNode): string[] {
    const body = node.items.flatMap((item) => [
      ...(comments.before.get(item) ?? []).map((words) => `  #${words}`),
      `  ${inline(item)},${beside(item)}`,
    ]);
    return ['[', ...body, ...(comments.inside.get(node) ?? []).map((words) => `  #${words}`), ']'];
  }

  function inline(node: ConfigNode): string {
    if (node.kind === 'scalar') {
      const written = scalar(node);
      if (written === 'null') lost.add(`${node.place.pointer}: TOML has no null; it is written as ""`);
      if (written === 'null') return '""';
      return written.startsWith('"') ? escaped(written) : numberText(written);
    }
    if (node.kind === 'array') {
      lose(node, node.items);
      return `[${node.items.map(inline).join(', ')}]`;
    }
    const members = node.members.filter((member) => !isNull(member.value, member.key));
    lose(node, members);
    const pairs = members.map(({ key, value }) => `${keyText(key)} = ${inline(value)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }

  /** Comments inside what is written in one line. */
  function lose(node: ConfigNode, entries: readonly Entry[]): void {
    const inner = entries.filter(
      (entry) => isMember(entry) && (comments.before.has(entry) || comments.beside.has(entry)),
    );
    if (inner.length > 0 || (comments.inside.has(node) && node.kind === 'object'))
      lost.add(`${node.place.pointer}: comments inside a table in one line`);
  }

  function hasComments(item: ConfigNode): boolean {
    return comments.before.has(item) || comments.beside.has(item);
  }

  function isNull(node: ConfigNode, key: string): boolean {
    if (node.kind !== 'scalar' || node.value !== null) return false;
    lost.add(`${node.place.pointer}: TOML has no null; ${JSON.stringify(key)} is left out, which means the same`);
    return true;
  }

  function note(words: readonly string[] | undefined): void {
    lines.push(...(words ?? []).map((line) => `#${line}`));
  }

  function beside(entry: Entry): string {
    const words = comments.beside.get(entry);
    return words === undefined ? '' : ` #${words}`;
  }
}

function isTable(node: ConfigNode): boolean {
  return node.kind === 'object';
}

function isTables(node: ConfigNode): boolean {
  return node.kind === 'array' && node.items.length > 0 && node.items.every(isTable);
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : escaped(JSON.stringify(key));
}

/** Beyond what a program may take for exact, a number is one with a fraction. */
function numberText(written: string): string {
  return /^-?\d+$/.test(written) && !Number.isSafeInteger(Number(written)) ? `${written}.0` : written;
}
