import type { ConfigNode } from '@sluice/config';
import { NONE, type TextMember, type TextNode } from './text-tree.js';

/** What stands for parts that were read in another way. */
export type Replacements = ReadonlyMap<ConfigNode, TextNode | undefined>;

/** A tree that was read for its meaning, as one for editors. What nobody asks for is not made. */
export function viewOf(node: ConfigNode, replaced: Replacements = new Map()): TextNode | undefined {
  return replaced.has(node) ? replaced.get(node) : new TreeView(node, replaced);
}

class TreeView implements TextNode {
  readonly start: number;
  readonly end: number;
  readonly #node: ConfigNode;
  readonly #replaced: Replacements;
  #members: readonly TextMember[] | undefined;
  #items: readonly TextNode[] | undefined;

  constructor(node: ConfigNode, replaced: Replacements) {
    const { start = 0, end = 0 } = node.place.span ?? {};
    this.start = start;
    this.end = end;
    this.#node = node;
    this.#replaced = replaced;
  }

  get kind(): TextNode['kind'] {
    return this.#node.kind;
  }

  get members(): readonly TextMember[] {
    if (this.#node.kind !== 'object') return NONE;
    this.#members ??= this.#node.members.map(({ key, keyPlace: { span }, value }) => ({
      key,
      start: span?.start ?? 0,
      keyEnd: span?.end ?? 0,
      value: viewOf(value, this.#replaced),
    }));
    return this.#members;
  }

  get items(): readonly TextNode[] {
    if (this.#node.kind !== 'array') return NONE;
    this.#items ??= this.#node.items.map((item) => viewOf(item, this.#replaced)).filter((item) => item !== undefined);
    return this.#items;
  }

  get value(): unknown {
    return this.#node.kind === 'scalar' ? this.#node.value : undefined;
  }
}
