import { parseTree, type Node as JsonNode } from 'jsonc-parser';
import { withoutComments } from './comments.js';
import { MAX_DEPTH, NONE, type TextMember, type TextNode } from './text-tree.js';

/** Reads JSON with comments, as far as it can be read. */
export function readJson(text: string): TextNode | undefined {
  const plain = withoutComments(text);
  const tree = plain === undefined ? undefined : parseTree(plain, [], { allowTrailingComma: true });
  return tree && fromJson(tree, 0);
}

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
