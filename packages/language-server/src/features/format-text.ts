import type { Format } from '@sluice/config';
import { format as formatJson, type Edit } from 'jsonc-parser';
import { parseDocument, type Tags } from 'yaml';
import { stringifyNumber } from 'yaml/util';
import { withoutComments } from '../document/comments.js';
import { isNestedTooDeep } from '../document/yaml-document.js';

export interface FormatStyle {
  readonly tabSize: number;
  readonly insertSpaces: boolean;
}

/** The text laid out anew, with its comments; undefined if it has errors, or is TOML. */
export function formatted(text: string, format: Format, { tabSize, insertSpaces }: FormatStyle): string | undefined {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  if (format === 'toml') return undefined;
  if (format === 'yaml') {
    const laid = formattedYaml(text, Math.min(Math.max(tabSize, 2), 8));
    return eol === '\n' ? laid : laid?.replaceAll(/\r?\n/g, eol);
  }
  const readable = withSlashes(text);
  if (readable === undefined) return undefined;
  const edits = formatJson(readable, undefined, { tabSize, insertSpaces, eol, insertFinalNewline: true });
  // Edits are of the space between what means something: they fit the text as it is written, too.
  return edited(text, edits);
}

/** All of them at once: to make a new text for each takes minutes for a long one. */
function edited(text: string, edits: readonly Edit[]): string {
  const pieces: string[] = [];
  let done = 0;
  for (const { offset, length, content } of edits.toSorted((a, b) => a.offset - b.offset)) {
    pieces.push(text.slice(done, offset), content);
    done = offset + length;
  }
  pieces.push(text.slice(done));
  return pieces.join('');
}

function formattedYaml(text: string, indent: number): string | undefined {
  if (isNestedTooDeep(text)) return undefined;
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error', customTags: asWritten });
  if (document.errors.length > 0 || document.contents === null) return undefined;
  const laid = document.toString({ indent, lineWidth: 0 });
  return meaningOf(laid) === meaningOf(text) ? laid : undefined;
}

/** A number stays as it stands: `0012` may be a secret of four characters. */
const asWritten = (tags: Tags): Tags =>
  tags.map((tag) => {
    if (typeof tag === 'string' || tag.collection !== undefined) return tag;
    const isNumber = tag.tag === 'tag:yaml.org,2002:int' || tag.tag === 'tag:yaml.org,2002:float';
    return isNumber ? { ...tag, stringify: (item) => item.source ?? stringifyNumber(item) } : tag;
  });

/** What a text holds, with every value as it is written; no two texts without a meaning mean the same. */
function meaningOf(text: string): string | symbol {
  try {
    const document = parseDocument(text, { prettyErrors: false, logLevel: 'error', schema: 'failsafe' });
    return document.errors.length > 0 ? Symbol(text) : JSON.stringify(document.toJS());
  } catch {
    // Nested too deep, or aliases that repeat too much.
    return Symbol('none');
  }
}

/** The same text, in length too, with `//` for `#`, which the library does not know. */
function withSlashes(text: string): string | undefined {
  const plain = withoutComments(text);
  if (plain === undefined) return undefined;
  let changed = text;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === plain[at]) continue;
    const isBlock = text.startsWith('/*', at);
    const end = isBlock ? text.indexOf('*/', at) + 2 : at + (/[\r\n]|$/.exec(text.slice(at))?.index ?? 0);
    if (text[at] === '#') {
      // A mark alone has no room for two.
      if (end - at < 2) return undefined;
      changed = `${changed.slice(0, at)}//${changed.slice(at + 2)}`;
    }
    at = Math.max(at, end - 1);
  }
  return changed;
}
