import type { Span } from './source.js';

/** Where a value or key stands. Values that did not come from a text have a pointer only. */
export interface Place {
  /** RFC 6901, in the spelling of the source. */
  readonly pointer: string;
  readonly span?: Span | undefined;
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly place: Place;
  /** How a number or boolean is written, where the format lets a text stand without quotes. */
  readonly written?: string;
  readonly secret?: boolean;
}

export interface ArrayNode {
  readonly kind: 'array';
  readonly items: readonly ConfigNode[];
  readonly place: Place;
  readonly secret?: boolean;
}

export interface ObjectNode {
  readonly kind: 'object';
  readonly members: readonly Member[];
  readonly place: Place;
  readonly secret?: boolean;
}

/** A value of a configuration that knows where it comes from, whatever the format of the source. */
export type ConfigNode = ScalarNode | ArrayNode | ObjectNode;

export interface Member {
  readonly key: string;
  /** The key itself; its pointer is the value's. */
  readonly keyPlace: Place;
  readonly value: ConfigNode;
}

/** Steps from a node to one inside it. */
export type NodePath = readonly (string | number)[];

export function childPointer(pointer: string, step: string | number): string {
  if (typeof step === 'number' || !/[~/]/.test(step)) return `${pointer}/${step}`;
  return `${pointer}/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The member's value, or undefined if the node is no object or has no such key. */
export function member(node: ConfigNode | undefined, key: string): ConfigNode | undefined {
  if (node?.kind !== 'object') return undefined;
  return node.members.find((one) => one.key === key)?.value;
}

/** The items of the array under the key; none if it is absent or something else. */
export function items(node: ConfigNode | undefined, key: string): readonly ConfigNode[] {
  const value = member(node, key);
  return value?.kind === 'array' ? value.items : [];
}

/** The string under the key, or undefined if it is absent or something else. */
export function text(node: ConfigNode | undefined, key: string): string | undefined {
  const value = member(node, key);
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
}

export function isTrue(node: ConfigNode | undefined, key: string): boolean {
  const value = member(node, key);
  return value?.kind === 'scalar' && value.value === true;
}

/** The node without the members of these keys. */
export function without(node: ObjectNode, keys: readonly string[]): ObjectNode {
  return { ...node, members: node.members.filter(({ key }) => !keys.includes(key)) };
}

/** The node with the member added, or put in the place of the one of that key. */
export function withMember(node: ObjectNode, key: string, value: ConfigNode): ObjectNode {
  const added: Member = { key, keyPlace: value.place, value };
  const known = node.members.some((one) => one.key === key);
  return {
    ...node,
    members: known ? node.members.map((one) => (one.key === key ? added : one)) : [...node.members, added],
  };
}

/** The plain value. Any key is an own property of its object, "__proto__" too. */
export function toValue(node: ConfigNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'array':
      return node.items.map(toValue);
    case 'object':
      return Object.fromEntries(node.members.map(({ key, value }) => [key, toValue(value)]));
  }
}

/**
 * The place at the end of the path; where the path leaves the tree, the nearest place before it
 * with the whole path as its pointer.
 */
export function placeAt(node: ConfigNode, path: NodePath): { place: Place; node: ConfigNode | undefined } {
  let current: ConfigNode = node;
  for (const [index, step] of path.entries()) {
    const next: ConfigNode | undefined =
      current.kind === 'array' ? current.items[Number(step)] : member(current, String(step));
    if (next === undefined) {
      const rest = path.slice(index).reduce<string>(childPointer, current.place.pointer);
      return { place: { ...current.place, pointer: rest }, node: undefined };
    }
    current = next;
  }
  return { place: current.place, node: current };
}
