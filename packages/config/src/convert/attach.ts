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
  for (const comment of comments) {
    const { lines } = comment;
    if (!comment.ownLine && lines.length === 1) {
      const host = hostOf(comment, entries, text);
      if (host !== undefined && !beside.has(host)) {
        beside.set(host, lines[0] ?? '');
        continue;
      }
    }
    const next = entries.find(({ start }) => start >= comment.end);
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
  readonly parent: ConfigNode;
  readonly start: number;
  readonly end: number;
}

function entriesOf(root: ConfigNode): Spanned[] {
  const found: Spanned[] = [];
  const add = (entry: Entry, node: ConfigNode, parent: ConfigNode, start: number | undefined): void => {
    const span = node.place.span;
    if (start !== undefined && span !== undefined)
      found.push({ entry, node, parent, start, end: Math.max(span.end, start) });
  };
  const visit = (node: ConfigNode): void => {
    if (node.kind === 'scalar') return;
    for (const entry of node.kind === 'object' ? node.members : node.items) {
      const isMember = 'key' in entry;
      const value = isMember ? entry.value : entry;
      add(entry, value, node, (isMember ? entry.keyPlace : entry.place).span?.start);
      visit(value);
    }
  };
  visit(root);
  return found;
}

/** What ends, or opens, last before the comment in its line. */
function hostOf(comment: Comment, entries: readonly Spanned[], text: string): Entry | undefined {
  let best: { entry: Entry; at: number } | undefined;
  for (const { entry, node, start, end } of entries) {
    if (start >= comment.start) break;
    const at = end <= comment.start ? end : node.kind === 'scalar' ? -1 : start;
    if (at < 0 || /[\r\n]/.test(text.slice(at, comment.start).trimEnd())) continue;
    if (best === undefined || at > best.at) best = { entry, at };
  }
  return best?.entry;
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
  const before = entries.filter(({ start }) => start < comment.start);
  return before.findLast(({ entry, start }) => 'key' in entry && column(start) === own)?.parent;
}

/** The innermost object or list that the comment is in, where the format has an end for it. */
function enclosing(
  comment: Comment,
  entries: readonly Spanned[],
  root: ConfigNode,
): { node: ConfigNode; end: number } | undefined {
  let best: { node: ConfigNode; end: number } | undefined;
  const span = root.place.span;
  if (span !== undefined && span.start <= comment.start && comment.end <= span.end)
    best = { node: root, end: span.end };
  for (const { node, start, end } of entries) {
    if (start > comment.start) break;
    if (node.kind !== 'scalar' && comment.end <= end) best = { node, end };
  }
  return best;
}

function append<K>(map: Map<K, string[]>, key: K, lines: readonly string[]): void {
  map.set(key, [...(map.get(key) ?? []), ...lines]);
}
