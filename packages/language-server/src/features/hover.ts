import type { JsonSchema } from '@sluice/config';
import type { OpenDocument } from '../document/open-document.js';
import { findAt, memberOf, nodeAt, type TextNode } from '../document/text-tree.js';
import { definitionsOf, tagAt, tagPatternAt, tagPlaces, type TagPlace } from './tag-places.js';

export interface HoverText {
  readonly markdown: string;
  readonly start: number;
  readonly end: number;
}

/** What is known of the key or value at an offset. Never says what a value is. */
export function hoverAt(document: OpenDocument, offset: number): HoverText | undefined {
  const { root, text, schema } = document;
  const found = findAt(root, offset);
  if (root === undefined || found === undefined) return undefined;
  const { path, member, node } = found;
  // Of an entry of a list that has no words of its own, its list's are told.
  const own = schema.at(path, root);
  const isSilent = typeof path.at(-1) === 'number' && own.every((part) => part.description === undefined);
  const parts = isSilent ? [...own, ...schema.at(path.slice(0, -1), root)] : own;
  const said = new Set<string>();
  for (const part of parts) for (const text of saidOf(part, member === undefined ? node : undefined)) said.add(text);
  if (member === undefined && tagPatternAt(path) !== undefined) {
    const places = tagPlaces(root, text);
    const tag = tagAt(places, offset);
    if (tag !== undefined) said.add(meaningOf(tag, document));
  }
  if (said.size === 0) return undefined;
  const span = member === undefined ? node : { start: member.start, end: member.keyEnd };
  return { markdown: [...said].join('\n\n'), start: span?.start ?? offset, end: span?.end ?? offset };
}

/** @param value of which its meaning among the allowed is told first */
function* saidOf(schema: JsonSchema, value: TextNode | undefined): Generator<string> {
  const { enum: several = [], enumDescriptions = [], markdownDescription, description } = schema;
  const meaning = value === undefined ? undefined : enumDescriptions[several.indexOf(value.value)];
  if (meaning !== undefined && meaning !== '') yield meaning;
  if (schema.deprecationMessage !== undefined) yield `**Deprecated.** ${schema.deprecationMessage}`;
  const text = markdownDescription ?? description;
  if (text !== undefined) yield text;
}

function meaningOf(tag: TagPlace, document: OpenDocument): string {
  if (tag.role === 'definition') return `This is ${tag.kind} \`${tag.name}\`.`;
  const names = [document, ...document.others].flatMap(({ root, text }) =>
    definitionsOf(tagPlaces(root, text), tag).map(({ name, path }) => {
      const protocol = memberOf(nodeAt(root, path.slice(0, -1)), 'protocol')?.value;
      return `\`${name}\`${typeof protocol === 'string' ? ` (${protocol})` : ''}`;
    }),
  );
  if (names.length === 0) return `No ${tag.kind} is called \`${tag.name}\`.`;
  return `Means ${tag.kind} ${names.join(', ')}.`;
}
