import { SymbolKind } from 'vscode-languageserver';
import { memberOf, type TextNode } from '../document/text-tree.js';

/** An entry of the outline, by offsets. */
export interface Outline {
  readonly name: string;
  readonly detail: string;
  readonly kind: SymbolKind;
  readonly start: number;
  readonly end: number;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly children: readonly Outline[];
}

const MAX_LEVELS = 6;

/** Keys, and entries of lists by what they are called. */
export function outlineOf(root: TextNode | undefined): Outline[] {
  return root === undefined ? [] : childrenOf(root, 0);
}

function childrenOf(node: TextNode, level: number): Outline[] {
  if (level > MAX_LEVELS) return [];
  const keys = node.members.map(({ key, start, keyEnd, value }) => ({
    name: key === '' ? '""' : key,
    detail: '',
    kind: kindOf(value),
    start,
    end: Math.max(keyEnd, value?.end ?? 0),
    nameStart: start,
    nameEnd: keyEnd,
    children: value === undefined ? [] : childrenOf(value, level + 1),
  }));
  const entries = node.items.flatMap((item, index) => {
    if (item.kind === 'scalar') return [];
    const { name, detail } = nameOf(item, index);
    const { start, end } = item;
    return [
      {
        name,
        detail,
        kind: kindOf(item),
        start,
        end,
        nameStart: start,
        nameEnd: Math.min(end, start + 1),
        children: childrenOf(item, level + 1),
      },
    ];
  });
  return [...keys, ...entries];
}

function nameOf(item: TextNode, index: number): { name: string; detail: string } {
  const words = (...keys: string[]): string[] =>
    keys.flatMap((key) => {
      const value = memberOf(item, key)?.value;
      return typeof value === 'string' || typeof value === 'number' ? [String(value)] : [];
    });
  const [name = `[${index}]`] = words('tag', 'ruleTag', 'email', 'user', 'name', 'address');
  const leads = words('outboundTag', 'balancerTag').map((to) => `→ ${to}`);
  return { name: name === '' ? `[${index}]` : name, detail: [...words('protocol', 'port'), ...leads].join(' ') };
}

function kindOf(node: TextNode | undefined): SymbolKind {
  if (node?.kind === 'object') return SymbolKind.Object;
  if (node?.kind === 'array') return SymbolKind.Array;
  if (typeof node?.value === 'number') return SymbolKind.Number;
  return typeof node?.value === 'boolean' ? SymbolKind.Boolean : SymbolKind.String;
}
