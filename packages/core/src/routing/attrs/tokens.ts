import { readString, stringStart } from './string-literal.js';
import { AttrsSyntaxError } from './syntax-error.js';

/** A piece of an expression; `at` is its place, from 0. */
export type Token =
  | { readonly kind: 'name' | 'keyword' | 'sign'; readonly text: string; readonly at: number }
  | { readonly kind: 'string'; readonly value: string; readonly at: number }
  | { readonly kind: 'int'; readonly value: number; readonly at: number }
  | { readonly kind: 'end'; readonly at: number };

const USED_KEYWORDS = new Set(['and', 'or', 'not', 'in', 'if', 'else', 'for']);

/** Starlark has these, or keeps them for itself, and none can stand in an expression here. */
const OTHER_KEYWORDS = new Set(
  'as assert break class continue def del elif except finally from global import is lambda load nonlocal pass raise return try while with yield'.split(
    ' ',
  ),
);

const SIGNS = /(?:\/\/|==|!=|<=|>=|[-+*%.,:()[\]{}<>])/y;
const NAME = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const INT = /(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|\d+)/y;
/** Line ends do not count, as the whole stands in parentheses for V2Ray. */
const SPACE = /(?:[ \t\r\n]|#[^\n]*)+/y;

/** @throws AttrsSyntaxError */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  while (at < source.length) {
    const space = match(SPACE);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    if (stringStart(source, at) !== undefined) {
      const { value, end } = readString(source, at);
      tokens.push({ kind: 'string', value, at });
      at = end;
      continue;
    }
    const text = match(NAME) ?? match(INT) ?? match(SIGNS);
    if (text === undefined) throw new AttrsSyntaxError(`unexpected ${quoted(source, at)}`, at);
    tokens.push(tokenOf(text, at));
    at += text.length;
  }
  tokens.push({ kind: 'end', at });
  return tokens;
}

function tokenOf(text: string, at: number): Token {
  if (/^\d/.test(text)) return { kind: 'int', value: intOf(text, at), at };
  if (USED_KEYWORDS.has(text)) return { kind: 'keyword', text, at };
  if (OTHER_KEYWORDS.has(text)) throw new AttrsSyntaxError(`"${text}" cannot be used in an expression here`, at);
  return { kind: /^[\p{L}_]/u.test(text) ? 'name' : 'sign', text, at };
}

function intOf(text: string, at: number): number {
  if (/^0\d/.test(text)) throw new AttrsSyntaxError('a number must not begin with 0; octal is "0o17"', at);
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new AttrsSyntaxError('the number is too large', at);
  return value;
}

function quoted(source: string, at: number): string {
  return JSON.stringify(String.fromCodePoint(source.codePointAt(at) ?? 0));
}
