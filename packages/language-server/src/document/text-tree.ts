import type { Format } from '@sluice/config';
import { parseTree, type Node as JsonNode } from 'jsonc-parser';
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Node as YamlNode } from 'yaml';
import { withoutComments } from './comments.js';

/** A value of a text that may be broken, as far as it can be read. Offsets count UTF-16 units. */
export interface TextNode {
  readonly kind: 'object' | 'array' | 'scalar';
  readonly start: number;
  readonly end: number;
  /** Of an object. */
  readonly members: readonly TextMember[];
  /** Of an array. */
  readonly items: readonly TextNode[];
  /** Of a scalar. */
  readonly value: unknown;
}

export interface TextMember {
  readonly key: string;
  readonly start: number;
  readonly keyEnd: number;
  readonly value: TextNode | undefined;
}

export type Path = readonly (string | number)[];

const MAX_DEPTH = 100;

/** @returns undefined if nothing can be read, and for formats that are not read here */
export function readTree(text: string, format: Format): TextNode | undefined {
  if (format === 'yaml') return readYaml(text);
  if (format === 'toml') return undefined;
  const tree = parseTree(withoutComments(text), [], { allowTrailingComma: true });
  return tree && fromJson(tree, 0);
}

/** What nodes of other kinds have none of: a long file has many nodes. */
const NONE: readonly never[] = [];

function fromJson({ type, offset: start, length, children, value }: JsonNode, depth: number): TextNode | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const end = start + length;
  if (type === 'array') {
    const items: TextNode[] = [];
    for (const child of children ?? NONE) {
      const item = fromJson(child, depth + 1);
      if (item !== undefined) items.push(item);
    }
    return { kind: 'array', start, end, members: NONE, items, value: undefined };
  }
  if (type !== 'object') return { kind: 'scalar', start, end, members: NONE, items: NONE, value: value as unknown };
  const members: TextMember[] = [];
  for (const property of children ?? NONE) {
    const key = property.children?.[0];
    const inner = property.children?.[1];
    if (key === undefined) continue;
    members.push({
      key: String(key.value),
      start: key.offset,
      keyEnd: key.offset + key.length,
      value: inner && fromJson(inner, depth + 1),
    });
  }
  return { kind: 'object', start, end, members, items: NONE, value: undefined };
}

function readYaml(text: string): TextNode | undefined {
  try {
    const { contents } = parseDocument(text, {
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    return contents === null ? undefined : fromYaml(contents, 0);
  } catch (error) {
    // Nested deeper than the library can follow.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function fromYaml(node: YamlNode, depth: number): TextNode | undefined {
  const [start, end] = node.range ?? [0, 0];
  if (depth > MAX_DEPTH) return undefined;
  const place = { start, end };
  if (isMap(node)) {
    const members = node.items.flatMap(({ key, value }) => {
      if (!isScalar(key) || !key.range) return [];
      const inner = value === null ? undefined : fromYaml(value as YamlNode, depth + 1);
      return [{ key: String(key.value), start: key.range[0], keyEnd: key.range[1], value: inner }];
    });
    return { ...place, kind: 'object', members, items: [], value: undefined };
  }
  if (isSeq(node)) {
    const items = defined(node.items as YamlNode[], depth, fromYaml);
    return { ...place, kind: 'array', members: [], items, value: undefined };
  }
  // What an alias repeats is told where it stands.
  const value: unknown = isAlias(node) || !isScalar(node) ? undefined : node.value;
  return { ...place, kind: 'scalar', members: [], items: [], value };
}

function defined<N>(
  nodes: readonly N[],
  depth: number,
  read: (node: N, depth: number) => TextNode | undefined,
): TextNode[] {
  return nodes.map((node) => read(node, depth + 1)).filter((node) => node !== undefined);
}

/** The value under a key of an object. */
export function memberOf(node: TextNode | undefined, key: string): TextNode | undefined {
  return node?.members.find((member) => member.key === key)?.value;
}

/** The value at the end of a path. */
export function nodeAt(root: TextNode | undefined, path: Path): TextNode | undefined {
  let node = root;
  for (const step of path) node = typeof step === 'number' ? node?.items[step] : memberOf(node, step);
  return node;
}

/** What stands at an offset: the innermost key or value, and the way to it. */
export interface Found {
  readonly path: Path;
  /** Set if the offset is in a key. */
  readonly member?: TextMember;
  readonly node: TextNode | undefined;
}

export function findAt(root: TextNode | undefined, offset: number): Found | undefined {
  if (root === undefined) return undefined;
  let path: (string | number)[] = [];
  let node = root;
  for (;;) {
    const member = node.members.find(
      ({ start, keyEnd, value }) => start <= offset && offset <= Math.max(keyEnd, value?.end ?? 0),
    );
    if (member !== undefined) {
      path = [...path, member.key];
      if (offset <= member.keyEnd) return { path, member, node: member.value };
      if (member.value === undefined || offset < member.value.start) return undefined;
      node = member.value;
      continue;
    }
    const index = node.items.findIndex(({ start, end }) => start <= offset && offset <= end);
    const item = node.items[index];
    if (item === undefined) return node.kind === 'scalar' ? { path, node } : undefined;
    path = [...path, index];
    node = item;
  }
}

/** All values, with the way to each, outer before inner. */
export function* walk(root: TextNode, path: Path = []): Generator<readonly [path: Path, node: TextNode]> {
  yield [path, root];
  for (const { key, value } of root.members) if (value !== undefined) yield* walk(value, [...path, key]);
  for (const [index, item] of root.items.entries()) yield* walk(item, [...path, index]);
}
