import type { ConfigNode, Member } from '../source/node.js';
import type { Comment } from './comments.js';

/** What can have comments: a member of an object, an item of a list. */
export type Entry = Member | ConfigNode;

/** Comments by what they belong to. */
export interface Attached {
  /** In lines of their own, before a member or an item. */
  readonly before: ReadonlyMap<Entry, readonly string[]>;
  /** After a member or item, in its line. */
  readonly beside: ReadonlyMap<Entry, string>;
  /** After the last member or item of an object or list. */
  readonly inside: ReadonlyMap<ConfigNode, readonly string[]>;
  /** After everything. */
  readonly end: readonly string[];
}

/**
 * Finds for each comment what it belongs to: what begins next, or what stands before it in its line.
 * @param indented whether objects end by their indentation alone, as in YAML
 */
export function attach(root: ConfigNode, comments: readonly Comment[], text: string, indented = false): Attached {
  const before = new Map<Entry, string[]>();
  const beside = new Map<Entry, string>();
  const inside = new Map<ConfigNode, string[]>();
  const end: string[] = [];
  const entries = entriesOf(root).sort((a, b) => a.start - b.start || b.end - a.end);
  const byEnd = [...entries].sort((a, b) => a.end - b.end || b.start - a.start);
  for (const comment of comments) {
    const { lines } = comment;
    if (!comment.ownLine && lines.length === 1) {
      const host = hostOf(comment, entries, byEnd, text);
      if (host !== undefined && !beside.has(host)) {
        beside.set(host, lines[0] ?? '');
        continue;
      }
    }
    const next = entries[firstIndex(entries, ({ start }) => start >= comment.end)];
    const around = enclosing(comment, entries, root);
    const last = indented ? lastByIndent(comment, next, entries, text) : undefined;
    if (last !== undefined) {
      append(inside, last, lines);
      continue;
    }
    if (next !== undefined && (around === undefined || next.start < around.end)) append(before, next.entry, lines);
    else if (around !== undefined) append(inside, around.node, lines);
    else end.push(...lines);
  }
  return { before, beside, inside, end };
}

interface Spanned {
  readonly entry: Entry;
  readonly node: ConfigNode;
  /** What the entry is in. */
  readonly parent: ConfigNode;
  readonly up: Spanned | undefined;
  readonly start: number;
  readonly end: number;
}

function entriesOf(root: ConfigNode): Spanned[] {
  const found: Spanned[] = [];
  const visit = (parent: ConfigNode, up: Spanned | undefined): void => {
    if (parent.kind === 'scalar') return;
    for (const entry of parent.kind === 'object' ? parent.members : parent.items) {
      const isMember = 'key' in entry;
      const node = isMember ? entry.value : entry;
      const start = (isMember ? entry.keyPlace : entry.place).span?.start;
      const end = node.place.span?.end;
      const own =
        start === undefined || end === undefined
          ? undefined
          : { entry, node, parent, up, start, end: Math.max(start, end) };
      if (own !== undefined) found.push(own);
      visit(node, own ?? up);
    }
  };
  visit(root, undefined);
  return found;
}

/** Of entries in order, the index of the first that passes; their number if none does. */
function firstIndex(entries: readonly Spanned[], passes: (one: Spanned) => boolean): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(entries[middle] as Spanned)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What ends, or opens, last before the comment in its line. */
function hostOf(
  comment: Comment,
  entries: readonly Spanned[],
  byEnd: readonly Spanned[],
  text: string,
): Entry | undefined {
  const inLine = (at: number): boolean => !/[\r\n]/.test(text.slice(at, comment.start).trimEnd());
  const ended = byEnd[firstIndex(byEnd, ({ end }) => end > comment.start) - 1];
  for (let at = firstIndex(entries, ({ start }) => start >= comment.start) - 1; at >= 0; at -= 1) {
    const { entry, node, start, end } = entries[at] as Spanned;
    if (ended !== undefined && start < ended.end) break;
    if (end <= comment.start || node.kind === 'scalar') continue;
    return inLine(start) ? entry : undefined;
  }
  return ended !== undefined && inLine(ended.end) ? ended.entry : undefined;
}

/** The object whose last lines the comment is among, if it is further in than what begins next. */
function lastByIndent(
  comment: Comment,
  next: Spanned | undefined,
  entries: readonly Spanned[],
  text: string,
): ConfigNode | undefined {
  const column = (at: number): number => at - text.lastIndexOf('\n', at - 1) - 1;
  const own = column(comment.start);
  if (own === 0 || (next !== undefined && column(next.start) >= own)) return undefined;
  for (let at = firstIndex(entries, ({ start }) => start >= comment.start) - 1; at >= 0; at -= 1) {
    const { entry, parent, start } = entries[at] as Spanned;
    if (column(start) < own) return undefined;
    if ('key' in entry && column(start) === own) return parent;
  }
  return undefined;
}

/** The innermost object or list that the comment is in, where the format has an end for it. */
function enclosing(
  comment: Comment,
  entries: readonly Spanned[],
  root: ConfigNode,
): { node: ConfigNode; end: number } | undefined {
  let around = entries[firstIndex(entries, ({ start }) => start > comment.start) - 1];
  while (around !== undefined && (around.node.kind === 'scalar' || around.end < comment.end)) around = around.up;
  if (around !== undefined) return around;
  const span = root.place.span;
  return span !== undefined && span.start <= comment.start && comment.end <= span.end
    ? { node: root, end: span.end }
    : undefined;
}

function append<K>(map: Map<K, string[]>, key: K, lines: readonly string[]): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [...lines]);
  else known.push(...lines);
}
