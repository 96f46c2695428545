import type { OpenDocument } from '../document/open-document.js';
import { tagPlaces, type TagPlace } from './tag-places.js';

/** A change of a text, by offsets. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The changes that give a tag another name wherever it stands. Selectors, which name beginnings of tags, stay.
 * @returns why it cannot be done instead
 */
export function renamed(
  { root, text, format }: Pick<OpenDocument, 'root' | 'text' | 'format'>,
  { kind, name }: TagPlace,
  newName: string,
): Change[] | string {
  const places = tagPlaces(root, text);
  if (newName === name) return [];
  if (
    !/^[^\s,"'\\\u0000-\u001f\u007f-\u009f](?:[^,"'\\\u0000-\u001f\u007f-\u009f]*[^\s,"'\\\u0000-\u001f\u007f-\u009f])?$/u.test(
      newName,
    )
  )
    return 'a tag has no commas, quotes, backslashes or control characters, and no spaces around it';
  if (places.some((place) => place.kind === kind && place.role === 'definition' && place.name === newName))
    return `there is ${kind === 'user' ? 'a user' : `${kind === 'inbound' || kind === 'outbound' ? 'an' : 'a'} ${kind}`} of this name`;
  const same = places.filter((place) => place.kind === kind && place.role !== 'prefix' && place.name === name);
  return same.map(({ start, end }) => {
    const isQuoted = /["',]/.test(text.slice(start - 1, start)) || text.slice(end, end + 1) === ',';
    const isPlain = format !== 'yaml' || isQuoted || /^[A-Za-z_][\w.@-]*$/.test(newName);
    const word = isPlain && !RESERVED.test(newName) ? newName : isQuoted ? newName : JSON.stringify(newName);
    return { start, end, text: word };
  });
}

/** What YAML takes for something else than a text. */
const RESERVED = /^(true|false|null|yes|no|on|off|~)$/i;
