import type { Format, JsonSchema } from '@sluice/config';
import { stringify } from 'yaml';
import type { SchemaView } from '../schema/schema-view.js';

/**
 * What follows a key: a place for its value, or the value where there is but one.
 * @returns with a line break in front where it begins on a line of its own
 */
export function valueText(property: JsonSchema, schema: SchemaView, format: Format, snippets: boolean): string {
  const [resolved = property] = schema.expand(property);
  const place = snippets ? '$1' : '';
  const single = resolved.const ?? (resolved.enum?.length === 1 ? resolved.enum[0] : undefined);
  if (single !== undefined) return escaped(JSON.stringify(single), snippets);
  const types = [resolved.type ?? []].flat();
  if (format === 'yaml') {
    if (types.length === 1 && types[0] === 'object') return snippets ? '\n  $1' : '\n  ';
    if (types.length === 1 && types[0] === 'array') return snippets ? '\n  - $1' : '\n  - ';
    return snippets ? '$1' : ' ';
  }
  const initial = resolved.default;
  const shown =
    typeof initial === 'string' || typeof initial === 'number' || typeof initial === 'boolean' ? initial : '';
  const isShort = shown !== '';
  switch (types.length === 1 ? types[0] : undefined) {
    case 'object':
      return `{${place}}`;
    case 'array':
      return `[${place}]`;
    case 'string':
      return isShort && snippets ? `"\${1:${inPlace(String(shown))}}"` : `"${place}"`;
    case 'boolean':
    case 'integer':
    case 'number':
      return isShort && snippets ? `\${1:${JSON.stringify(shown)}}` : place;
    default:
      return place;
  }
}

/** The text of a whole entry. Its body may have places to fill in, as VS Code writes them. */
export function snippetText(body: unknown, format: Format, snippets: boolean): string {
  const text = format === 'yaml' ? stringify(body, { lineWidth: 0 }).trimEnd() : JSON.stringify(body, undefined, 2);
  // JSON has doubled the backslashes that keep dollars from beginning a place.
  const unescaped = text.replaceAll('\\\\$', '\\$');
  return snippets ? unescaped : unescaped.replaceAll(/\$\{\d+:([^}]*)\}|\$\d+/g, '$1').replaceAll('\\$', '$');
}

function escaped(text: string, snippets: boolean): string {
  return snippets ? inPlace(text) : text;
}

function inPlace(text: string): string {
  return text.replaceAll(/[$}\\]/g, String.raw`\$&`);
}
