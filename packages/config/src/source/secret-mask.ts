import { editDistance } from '../diagnostics/suggestion.js';
import type { Format } from './format.js';
import type { ConfigNode } from './node.js';

const MASK = '*';
/** What a mask takes the place of: the rest is the text's structure. */
const SHOWN = /[^\s"'{}[\]:,]/g;
/** Keys of secrets in V2Ray's protocols, also of those that no plugin here brings. */
const COMMON = /secret|passw|^pass$|token|private_?key|^psk$|^key$/i;

/**
 * The text with the values of secret keys masked, character by character, so that all offsets stay.
 * Works on the text and not on what was parsed: also in comments, in broken files and under
 * misspelled keys.
 * @param names secret keys in lower case, beside the common ones
 */
export function maskSecrets(text: string, names: ReadonlySet<string> = new Set(), format: Format = 'jsonc'): string {
  const pieces: string[] = [];
  let copied = 0;
  const mask = (start: number, end: number): void => {
    if (start < copied) return;
    pieces.push(text.slice(copied, start), text.slice(start, end).replaceAll(SHOWN, MASK));
    copied = end;
  };
  for (const found of text.matchAll(/([\w-]+)["']?\s*[:=]\s*/g)) {
    if (isSecretName((found[1] as string).toLowerCase(), names)) {
      const start = found.index + found[0].length;
      const end = valueEnd(text, start);
      if (format === 'yaml')
        mask(found.index + (found[1] as string).length, Math.max(end, blockEnd(text, found.index)));
      else mask(start, format === 'toml' ? Math.max(end, tripleEnd(text, start)) : end);
    }
  }
  pieces.push(text.slice(copied));
  const masked = pieces.join('');
  return format === 'yaml' ? maskAnchors(text, masked, names) : masked;
}

/** In YAML, what a secret key names by an alias, also where the file is broken. */
function maskAnchors(text: string, masked: string, names: ReadonlySet<string>): string {
  const anchors = new Set<string>();
  for (const [, key = '', alias = ''] of text.matchAll(/([\w-]+)["']?\s*:\s*\*([^\s,[\]{}]+)/g))
    if (isSecretName(key.toLowerCase(), names)) anchors.add(`&${alias}`);
  if (anchors.size === 0) return masked;
  const spans: [number, number][] = [];
  for (const found of text.matchAll(/&[^\s,[\]{}]+/g)) {
    if (!anchors.has(found[0])) continue;
    const start = found.index + found[0].length;
    spans.push([start, Math.max(blockEnd(text, found.index), valueEnd(text, start))]);
  }
  return maskSpans(masked, spans);
}

/**
 * Masks what the tree knows to be secret values, wherever they stand: behind an anchor, in a table
 * under a heading.
 * @param text of the length of the tree's source
 */
export function maskTree(text: string, root: ConfigNode | undefined, names: ReadonlySet<string>): string {
  const spans: [number, number][] = [];
  const visit = (node: ConfigNode, secret: boolean): void => {
    if (node.kind === 'object') {
      for (const { key, value } of node.members) visit(value, secret || isSecretName(key.toLowerCase(), names));
    } else if (node.kind === 'array') for (const item of node.items) visit(item, secret);
    else if (secret && node.place.span !== undefined) spans.push([node.place.span.start, node.place.span.end]);
  };
  if (root !== undefined) visit(root, false);
  return maskSpans(text, spans);
}

function maskSpans(text: string, spans: [number, number][]): string {
  const pieces: string[] = [];
  let copied = 0;
  for (const [start, end] of spans.sort((a, b) => a[0] - b[0])) {
    if (end <= copied) continue;
    const from = Math.max(start, copied);
    pieces.push(text.slice(copied, from), text.slice(from, end).replaceAll(SHOWN, MASK));
    copied = end;
  }
  return [...pieces, text.slice(copied)].join('');
}

/** Just after a value by indentation: the rest of the key's line, and all lines that are further in. */
function blockEnd(text: string, key: number): number {
  const lineStart = text.lastIndexOf('\n', key) + 1;
  const inside = /[[{]/.test(text.slice(lineStart, key));
  const own = /^[\s#-]*/.exec(text.slice(lineStart, key))?.[0].length ?? 0;
  let end = lineEnd(text, key);
  // Between brackets, what follows on the line is another key's.
  if (inside) {
    const length = text.slice(key).search(/[,}\]\n]/);
    return length < 0 ? text.length : key + length;
  }
  while (end < text.length) {
    const next = end + 1;
    const line = text.slice(next, lineEnd(text, next));
    const indent = line.search(/\S/);
    if (indent >= 0 && indent <= own && !(indent === own && line[indent] === '-')) break;
    end = lineEnd(text, next);
  }
  return end;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Just after a text of several lines in TOML; the start if there is none. */
function tripleEnd(text: string, start: number): number {
  const quotes = text.slice(start, start + 3);
  if (quotes !== '"""' && quotes !== "'''") return start;
  const close = text.indexOf(quotes, start + 3);
  return close < 0 ? text.length : close + 3;
}

/** Keys come again and again in a file. */
const decided = new WeakMap<ReadonlySet<string>, Map<string, boolean>>();

function isSecretName(key: string, names: ReadonlySet<string>): boolean {
  let known = decided.get(names);
  if (known === undefined) decided.set(names, (known = new Map<string, boolean>()));
  let isSecret = known.get(key);
  if (isSecret === undefined) known.set(key, (isSecret = decideSecretName(key, names)));
  return isSecret;
}

function decideSecretName(key: string, names: ReadonlySet<string>): boolean {
  if (COMMON.test(key) || names.has(key)) return true;
  for (const name of names)
    if (name.length > 3 && Math.abs(name.length - key.length) <= 1 && editDistance(name, key) === 1) return true;
  return false;
}

/** Just after the value that starts here: a string, all between brackets, or a bare word. */
function valueEnd(text: string, start: number): number {
  const first = text[start];
  if (first === '{' || first === '[') {
    let depth = 0;
    for (let i = start; i < text.length; i += 1) {
      const char = text[i] as string;
      if (char === '"') i = quotedEnd(text, i) - 1;
      else if (char === '{' || char === '[') depth += 1;
      else if (char === '}' || char === ']') depth -= 1;
      if (depth === 0) return i + 1;
    }
    return text.length;
  }
  if (first === '"' || first === "'") return quotedEnd(text, start);
  const end = text.slice(start).search(/[\s,&"'}\]]/);
  return end < 0 ? text.length : start + end;
}

function quotedEnd(text: string, start: number): number {
  const quote = text[start];
  for (let i = start + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === quote) return i + 1;
    else if (text[i] === '\n') return i;
  }
  return text.length;
}
