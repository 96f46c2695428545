import { Composer, Parser, type CST, type Document } from 'yaml';
import { MAX_DEPTH } from './text-tree.js';

/**
 * The tokens of a text, unless they are nested deeper than what follows them could go: it calls itself for each level,
 * and the end of the stack is not always an error that can be caught.
 */
function tokensOf(text: string): readonly CST.Token[] | undefined {
  const tokens = [...new Parser().parse(text)];
  return tokens.some(isTooDeep) ? undefined : tokens;
}

/** The first document of a text, as far as it can be read. */
export function firstDocument(text: string): Document | undefined {
  const tokens = tokensOf(text);
  if (tokens === undefined) return undefined;
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
  const [document] = composer.compose(tokens, true, text.length);
  return document;
}

export function isNestedTooDeep(text: string): boolean {
  return tokensOf(text) === undefined;
}

function isTooDeep(token: CST.Token): boolean {
  const open: [token: CST.Token, depth: number][] = [[token, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [current, depth] = next;
    if (depth > MAX_DEPTH) return true;
    if (current.type === 'document' && current.value !== undefined) open.push([current.value, depth]);
    if (!('items' in current)) continue;
    for (const { key, value } of current.items) {
      if (key) open.push([key, depth + 1]);
      if (value) open.push([value, depth + 1]);
    }
  }
  return false;
}
