import type { Format, JsonSchema } from '@sluice/config';
import {
  CompletionItemKind,
  CompletionItemTag,
  InsertTextFormat,
  MarkupKind,
  type CompletionItem,
} from 'vscode-languageserver';
import type { Cursor } from '../document/cursor.js';
import { memberOf, type TextNode } from '../document/text-tree.js';
import type { SchemaView } from '../schema/schema-view.js';
import { beginningsAt } from './list-beginnings.js';
import { snippetText, valueText } from './snippet-text.js';
import { tagPatternAt, tagPlaces, type TagPlace } from './tag-places.js';

export interface CompletionContext {
  readonly text: string;
  readonly format: Format;
  readonly schema: SchemaView;
  /** Whether the editor has places to fill in. */
  readonly snippets: boolean;
  /** Tags of files that belong to the text's. */
  readonly elsewhere: readonly TagPlace[];
}

/** An item, and what it takes the place of. */
export interface Offer extends CompletionItem {
  readonly insert: string;
}

/** What may stand at a cursor. */
export function completions(cursor: Cursor, context: CompletionContext): Offer[] {
  return cursor.isKey ? keys(cursor, context) : values(cursor, context);
}

function keys(cursor: Cursor, { schema, format, snippets }: CompletionContext): Offer[] {
  const offers = new Map<string, Offer>();
  const parts = schema.at(cursor.path, nodeOf(cursor));
  const needed = new Set(parts.flatMap(({ required = [] }) => required));
  for (const { properties = {} } of parts) {
    for (const [key, property] of Object.entries(properties)) {
      if (typeof property !== 'object' || offers.has(key) || cursor.present.includes(key)) continue;
      if (property['doNotSuggest'] === true) continue;
      const value = cursor.hasValue ? undefined : valueText(property, schema, format, snippets);
      const name = format === 'yaml' && /^[\w$-]+$/.test(key) ? key : JSON.stringify(key);
      offers.set(key, {
        label: key,
        kind: CompletionItemKind.Property,
        // Keys that must be there first.
        sortText: `${needed.has(key) ? 0 : property.deprecated === true ? 2 : 1}${key}`,
        ...described(property),
        insert:
          value === undefined ? name : `${name}:${value === '' ? '' : /^\r?\n/.test(value) ? value : ` ${value}`}`,
        insertTextFormat: snippets && value !== undefined ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
      });
    }
  }
  return [...offers.values()];
}

function values(cursor: Cursor, context: CompletionContext): Offer[] {
  const { schema, format } = context;
  const offers = new Map<string, Offer>();
  const offer = (value: unknown, more: Partial<CompletionItem>): void => {
    const label = typeof value === 'string' ? value : JSON.stringify(value);
    if (offers.has(label)) return;
    offers.set(label, { label, kind: CompletionItemKind.Value, ...more, insert: written(value, format, cursor) });
  };
  for (const place of tagsFor(cursor, context))
    offer(place.name, { kind: CompletionItemKind.Reference, detail: place.kind, sortText: `0${place.name}` });
  for (const [beginning, meaning] of Object.entries(beginningsAt(cursor.path)))
    offers.set(beginning, {
      label: beginning,
      kind: CompletionItemKind.Keyword,
      sortText: `1${beginning}`,
      documentation: { kind: MarkupKind.Markdown, value: meaning },
      insert: JSON.stringify(context.snippets ? `${beginning}$1` : beginning),
      insertTextFormat: context.snippets ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
    });
  const parts = schema.at(cursor.path, nodeOf(cursor));
  for (const part of parts) {
    const { enum: several = [], enumDescriptions = [], const: single, default: initial, examples = [] } = part;
    several.forEach((value, index) => {
      const meaning = enumDescriptions[index];
      offer(value, {
        kind: CompletionItemKind.EnumMember,
        sortText: `1${String(value)}`,
        ...(meaning === undefined ? {} : { documentation: { kind: MarkupKind.Markdown, value: meaning } }),
      });
    });
    if (single !== undefined) offer(single, { kind: CompletionItemKind.Constant, sortText: '1' });
    if (typesOf(part).includes('boolean')) for (const value of [true, false]) offer(value, { sortText: `2${value}` });
    if (isScalar(initial)) offer(initial, { detail: 'default', sortText: '3' });
    if (part['x-secret'] !== true)
      for (const example of examples) if (isScalar(example)) offer(example, { detail: 'example', sortText: '4' });
    for (const snippet of snippetsOf(part)) {
      if (cursor.quoted) break;
      offers.set(`snippet ${snippet.label}`, {
        label: snippet.label,
        kind: CompletionItemKind.Snippet,
        detail: snippet.description ?? '',
        sortText: `0${snippet.label}`,
        insert: snippetText(snippet.body, format, context.snippets),
        insertTextFormat: context.snippets ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
      });
    }
  }
  return [...offers.values()];
}

/** Tags that may stand at the cursor: each name once. */
function tagsFor(cursor: Cursor, { text, elsewhere }: CompletionContext): TagPlace[] {
  const pattern = tagPatternAt(cursor.path);
  if (pattern === undefined || pattern.role === 'definition') return [];
  const names = new Map<string, TagPlace>();
  for (const place of [...tagPlaces(cursor.root, text), ...elsewhere])
    if (place.role === 'definition' && place.kind === pattern.kind) names.set(place.name, place);
  const rule = parentOf(cursor);
  // An inbound that is named already need not be offered again.
  const others = memberOf(rule, 'inboundTag')?.items.map(({ value }) => value) ?? [];
  return [...names.values()].filter(({ kind, name }) => kind !== 'inbound' || !others.includes(name));
}

function parentOf({ root, path }: Cursor): TextNode | undefined {
  let node = root;
  for (const step of path.slice(
    0,
    path.findLastIndex((each) => typeof each === 'string'),
  ))
    node = typeof step === 'number' ? node?.items[step] : memberOf(node, step);
  return node;
}

interface Snippet {
  readonly label: string;
  readonly description?: string;
  readonly body: unknown;
}

function snippetsOf(schema: JsonSchema): readonly Snippet[] {
  return (schema['defaultSnippets'] as readonly Snippet[] | undefined) ?? [];
}

function nodeOf({ root }: Cursor): TextNode | undefined {
  return root;
}

function typesOf({ type }: JsonSchema): readonly string[] {
  return typeof type === 'string' ? [type] : (type ?? []);
}

function isScalar(value: unknown): boolean {
  return value !== undefined && value !== '' && (typeof value !== 'object' || value === null);
}

/** In YAML without quotes where it stays what it is. */
function written(value: unknown, format: Format, { quoted }: Cursor): string {
  if (format !== 'yaml' || typeof value !== 'string') return JSON.stringify(value);
  return !quoted && /^[A-Za-z_][\w.@/-]*$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value)
    ? value
    : JSON.stringify(value);
}

function described(schema: JsonSchema): Partial<CompletionItem> {
  const { markdownDescription, description, deprecated, deprecationMessage } = schema;
  const text = [deprecationMessage, markdownDescription ?? description]
    .filter((part) => part !== undefined)
    .join('\n\n');
  return {
    ...(text === '' ? {} : { documentation: { kind: MarkupKind.Markdown, value: text } }),
    ...(deprecated === true ? { tags: [CompletionItemTag.Deprecated] } : {}),
  };
}
