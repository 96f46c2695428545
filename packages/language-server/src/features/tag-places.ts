import type { Path, TextNode } from '../document/text-tree.js';

/** Whose tag it is: names of different kinds do not clash. */
export type TagKind = 'inbound' | 'outbound' | 'balancer' | 'user';

/** A tag in a text, without its quotes. */
export interface TagPlace {
  readonly kind: TagKind;
  readonly role: 'definition' | 'reference' | 'prefix';
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly path: Path;
}

type Role = TagPlace['role'];

/** "*" is any index. A string may hold several names, with commas between them, where `list` says so. */
interface Pattern {
  readonly steps: readonly string[];
  readonly kind: TagKind;
  readonly role: Role;
  readonly list?: boolean;
}

const at = (path: string, kind: TagKind, role: Role, list = false): Pattern => ({
  steps: path.split('/'),
  kind,
  role,
  list,
});

const patterns: readonly Pattern[] = [
  at('inbounds/*/tag', 'inbound', 'definition'),
  at('inbound/tag', 'inbound', 'definition'),
  at('inboundDetour/*/tag', 'inbound', 'definition'),
  at('dns/tag', 'inbound', 'definition'),
  at('reverse/bridges/*/tag', 'inbound', 'definition'),
  at('outbounds/*/tag', 'outbound', 'definition'),
  at('outbound/tag', 'outbound', 'definition'),
  at('outboundDetour/*/tag', 'outbound', 'definition'),
  at('api/tag', 'outbound', 'definition'),
  at('metrics/tag', 'outbound', 'definition'),
  at('reverse/portals/*/tag', 'outbound', 'definition'),
  at('routing/balancers/*/tag', 'balancer', 'definition'),
  ...['users', 'clients', 'accounts'].flatMap((list) => [
    at(`inbounds/*/settings/${list}/*/email`, 'user', 'definition'),
    at(`inbounds/*/settings/${list}/*/user`, 'user', 'definition'),
  ]),
  ...['routing/rules/*', 'routing/settings/rules/*'].flatMap((rule) => [
    at(`${rule}/inboundTag`, 'inbound', 'reference', true),
    at(`${rule}/inboundTag/*`, 'inbound', 'reference'),
    at(`${rule}/outboundTag`, 'outbound', 'reference'),
    at(`${rule}/balancerTag`, 'balancer', 'reference'),
    at(`${rule}/user`, 'user', 'reference', true),
    at(`${rule}/user/*`, 'user', 'reference'),
  ]),
  at('routing/balancers/*/fallbackTag', 'outbound', 'reference'),
  at('routing/balancers/*/selector/*', 'outbound', 'prefix'),
  at('routing/balancers/*/selector', 'outbound', 'prefix', true),
  at('observatory/subjectSelector/*', 'outbound', 'prefix'),
  at('burstObservatory/subjectSelector/*', 'outbound', 'prefix'),
  at('multiObservatory/observers/*/settings/subjectSelector/*', 'outbound', 'prefix'),
  at('outbounds/*/proxySettings/tag', 'outbound', 'reference'),
];

/** What belongs at a path, if tags or users do. */
export function tagPatternAt(path: Path): Pattern | undefined {
  return patterns.find(({ steps }) => fits(steps, path));
}

function fits(steps: readonly string[], path: Path): boolean {
  return (
    steps.length === path.length &&
    steps.every((step, index) => (step === '*' ? typeof path[index] === 'number' : step === path[index]))
  );
}

/** Of trees that were looked through already: an editor asks several things about each. */
const known = new WeakMap<TextNode, readonly TagPlace[]>();

/** Every tag of a text, in its order. */
export function tagPlaces(root: TextNode | undefined, text: string): readonly TagPlace[] {
  if (root === undefined) return [];
  let found = known.get(root);
  if (found === undefined) known.set(root, (found = [...placesIn(root, text, [], patterns)]));
  return found;
}

/** @param fitting the patterns that the way to the node begins */
function* placesIn(node: TextNode, text: string, path: Path, fitting: readonly Pattern[]): Generator<TagPlace> {
  const depth = path.length;
  if (node.kind === 'scalar') {
    const pattern = fitting.find(({ steps }) => steps.length === depth);
    if (pattern !== undefined) yield* placesOf(node, text, path, pattern);
    return;
  }
  const further = (step: string): Pattern[] => fitting.filter(({ steps }) => steps[depth] === step);
  for (const { key, value } of node.members) {
    if (value === undefined) continue;
    const next = further(key);
    if (next.length > 0) yield* placesIn(value, text, [...path, key], next);
  }
  const next = node.items.length === 0 ? [] : further('*');
  if (next.length === 0) return;
  for (const [index, item] of node.items.entries()) yield* placesIn(item, text, [...path, index], next);
}

function* placesOf(
  { value, start: from, end }: TextNode,
  text: string,
  path: Path,
  pattern: Pattern,
): Generator<TagPlace> {
  if (typeof value !== 'string' || value === '') return;
  const { kind, role, list } = pattern;
  const quotes = /^["']/.test(text.slice(from, from + 1)) ? 1 : 0;
  const start = from + quotes;
  const written = text.slice(start, end - quotes);
  if (list !== true || !written.includes(',')) {
    yield { kind, role, name: value, start, end: end - quotes, path };
    return;
  }
  for (const { index, 0: name } of written.matchAll(/[^,\s](?:[^,]*[^,\s])?/g))
    yield { kind, role, name, start: start + index, end: start + index + name.length, path };
}

/** The tag that an offset is in. */
export function tagAt(places: readonly TagPlace[], offset: number): TagPlace | undefined {
  return places.find(({ start, end }) => start <= offset && offset <= end);
}

/** Where the tags stand that one means. */
export function definitionsOf(places: readonly TagPlace[], { kind, name, role }: TagPlace): TagPlace[] {
  return places.filter(
    (place) =>
      place.role === 'definition' &&
      place.kind === kind &&
      (role === 'prefix' ? place.name.startsWith(name) : place.name === name),
  );
}

/** Where a tag is used. */
export function referencesOf(places: readonly TagPlace[], { kind, name }: TagPlace): TagPlace[] {
  return places.filter(
    (place) =>
      place.kind === kind &&
      ((place.role === 'reference' && place.name === name) || (place.role === 'prefix' && name.startsWith(place.name))),
  );
}
