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

/** Values that are deeper are not looked at. */
export const MAX_DEPTH = 100;

/** What nodes of other kinds have none of: a long file has many nodes. */
export const NONE: readonly never[] = [];

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
