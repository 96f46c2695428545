import type { Problems } from '../diagnostics/problems.js';
import { orList } from '../schema/description.js';
import { member, type ObjectNode, type Place } from '../source/node.js';

const MOST_LISTED = 8;

interface Tagged {
  readonly node: ObjectNode;
  readonly tag: string;
}

/** V2Ray lets the last of two inbounds with one tag win and never opens the first. */
export function checkDuplicateTags(entries: readonly Tagged[], noun: string, problems: Problems): void {
  const first = new Map<string, ObjectNode>();
  for (const { node, tag } of entries) {
    if (tag === '') continue;
    const earlier = first.get(tag);
    if (earlier === undefined) {
      first.set(tag, node);
      continue;
    }
    problems.error('C_DUPLICATE_TAG', tagPlace(node), `another ${noun} has this tag: ${where(earlier)}`, {
      found: JSON.stringify(tag),
      related: [{ place: tagPlace(earlier), message: `the other ${noun} of this tag` }],
    });
  }
}

/** Where the tag of an entry stands, or the entry if it has none. */
export function tagPlace(node: ObjectNode): Place {
  return (member(node, 'tag') ?? node).place;
}

/** Tags for all entries: their own, or one made up from a name, different from every other. */
export function completeTags(entries: readonly { readonly tag: string; readonly name: string }[]): readonly string[] {
  const taken = new Set(entries.map(({ tag }) => tag));
  return entries.map(({ tag, name }) => {
    if (tag !== '') return tag;
    let made = name;
    for (let n = 2; taken.has(made); n += 1) made = `${name}#${n}`;
    taken.add(made);
    return made;
  });
}

/** The tags that could stand somewhere, in words; undefined where they are too many to list, or none. */
export function anyOf(tags: ReadonlySet<string>): string | undefined {
  return tags.size === 0 || tags.size > MOST_LISTED ? undefined : orList([...tags].map((tag) => JSON.stringify(tag)));
}

/** The place of an entry in words that fit into a message. */
export function where({ place }: ObjectNode): string {
  if (place.span === undefined) return place.pointer;
  const { file, line } = place.span.source.range(place.span.start, place.span.start);
  return `${place.pointer} in ${file}, line ${line}`;
}
