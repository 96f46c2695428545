import type { Format } from '@sluice/config';
import { getLocation } from 'jsonc-parser';
import { withoutComments } from './comments.js';
import { readTree } from './read-tree.js';
import { findAt, nodeAt, walk, type Path, type TextNode } from './text-tree.js';

/** Where something is being written: what may stand there, and which part of the text it takes the place of. */
export interface Cursor {
  /** The way to the value; of a key, to its object. */
  readonly path: Path;
  readonly isKey: boolean;
  readonly start: number;
  readonly end: number;
  /** A key that is followed by its value already. */
  readonly hasValue: boolean;
  /** The text as a tree, for what depends on other values. */
  readonly root: TextNode | undefined;
  /** Keys that are in the object already. */
  readonly present: readonly string[];
  /** In quotes, as the text has them. */
  readonly quoted: boolean;
}

/** @returns none in a comment; more than one where a text has not said yet what it is to be */
export function cursorsAt({ text, format, root }: Written, offset: number): readonly Cursor[] {
  if (format === 'yaml') return yamlCursors(text, offset);
  return format === 'toml' ? [] : jsonCursors(text, root, offset);
}

/** A text, with the tree that was read from it. */
interface Written {
  readonly text: string;
  readonly format: Format;
  readonly root: TextNode | undefined;
}

function jsonCursors(text: string, root: TextNode | undefined, offset: number): readonly Cursor[] {
  const plain = withoutComments(text);
  if (plain === undefined || isInComment(text, plain, offset)) return [];
  const { path, isAtPropertyKey: isKey } = getLocation(plain, offset);
  const { start, end } = jsonWord(plain, offset);
  const quoted = plain[start] === '"';
  const parent = isKey ? path.slice(0, -1) : path;
  const present = isKey ? keysOf(nodeAt(root, parent), start) : [];
  return [
    { path: parent, isKey, start, end, root, present, quoted, hasValue: isKey && /^\s*:/.test(plain.slice(end)) },
  ];
}

function isInComment(text: string, plain: string, offset: number): boolean {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  for (let at = offset - 1; at >= lineStart; at -= 1) {
    const isBlanked = text[at] !== plain[at];
    if (isBlanked) return !/\*\/\s*$/.test(text.slice(at - 1, offset)) || text[at] !== '/';
    if (!/\s/.test(plain[at] as string)) return false;
  }
  return false;
}

/** The string, number or word around an offset. */
function jsonWord(plain: string, offset: number): { start: number; end: number } {
  const lineStart = plain.lastIndexOf('\n', offset - 1) + 1;
  const lineEnd = /[\r\n]|$/.exec(plain.slice(offset))?.index ?? 0;
  const line = plain.slice(lineStart, offset + lineEnd);
  const at = offset - lineStart;
  for (const { index, 0: token } of line.matchAll(/"(?:[^"\\]|\\.)*"?|[^\s"{}[\],:]+/g)) {
    const isClosed = token.startsWith('"') && token.length > 1 && token.endsWith('"');
    if (index <= at && at <= index + token.length && !(isClosed && at === index + token.length))
      return { start: lineStart + index, end: lineStart + index + token.length };
  }
  return { start: offset, end: offset };
}

/** Stands for what is being written. No configuration has it. */
const MARK = 'sluice\u2060cursor';

function yamlCursors(text: string, offset: number): readonly Cursor[] {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const before = text.slice(lineStart, offset);
  if (/(^|\s)#/.test(before.replaceAll(/"[^"]*"|'[^']*'/g, ''))) return [];
  const word = /["']?[^\s:,[\]{}"'#]*$/.exec(before)?.[0] ?? '';
  const after = /^[^\s:,[\]{}"'#]*["']?/.exec(text.slice(offset))?.[0] ?? '';
  const start = offset - word.length;
  const quoted = /^["']/.test(word);
  const end = offset + (quoted ? after.length : after.replace(/["']$/, '').length);
  const lead = before.slice(0, before.length - word.length);
  const hasValue = /^\s*:(\s|$)/.test(text.slice(end));
  const base = { start, end, hasValue, quoted };
  const rest = text.slice(end);
  const inFlow = /[[{,]\s*$/.test(lead);
  const found: Cursor[] = [];
  if (inFlow || /^\s*(-\s+)*$/.test(lead)) {
    const keyed = readTree(`${text.slice(0, start)}${MARK}${hasValue ? '' : ':'}${rest}`, 'yaml');
    const key = keyed && marked(keyed, start);
    if (key?.isKey === true) {
      const present = keysOf(nodeAt(keyed, key.path), -1).filter((each) => each !== MARK);
      found.push({ ...base, path: key.path, isKey: true, root: keyed, present });
    }
  }
  if (!hasValue && (inFlow || /(:\s+|-\s+)$/.test(lead))) {
    const valued = readTree(`${text.slice(0, start)}${MARK}${rest}`, 'yaml');
    const value = valued && marked(valued, start);
    if (value?.isKey === false) found.push({ ...base, path: value.path, isKey: false, root: valued, present: [] });
  }
  return found;
}

/** @param near where it was written, which is where it is found, but in a text with grave faults */
function marked(root: TextNode, near: number): { readonly path: Path; readonly isKey: boolean } | undefined {
  const found = findAt(root, near + 1);
  if (found?.member?.key === MARK) return { path: found.path.slice(0, -1), isKey: true };
  if (found?.node?.value === MARK) return { path: found.path, isKey: false };
  for (const [path, node] of walk(root)) {
    if (node.value === MARK) return { path, isKey: false };
    if (node.members.some(({ key }) => key === MARK)) return { path, isKey: true };
  }
  return undefined;
}

/** @param but where the key stands that is being written */
function keysOf(node: TextNode | undefined, but: number): string[] {
  return (node?.members ?? []).filter(({ start }) => start !== but).map(({ key }) => key);
}
