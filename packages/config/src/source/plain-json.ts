/** A text with its comments blanked, so that every offset stays what it was. */
export interface PlainJson {
  readonly text: string;
  /** Just after the bracket that closes the first object or array; the text's length if none does. */
  readonly end: number;
  /** How deep brackets are nested. */
  readonly depth: number;
}

/**
 * Takes out `//`, `#` and block comments, outside strings, as V2Ray's reader does. A block comment
 * that does not end stays, so that the parser says so.
 */
export function plainJson(text: string): PlainJson {
  const pieces: string[] = [];
  let copied = 0;
  let depth = 0;
  let deepest = 0;
  let end = text.length;
  let closed = false;
  let at = 0;
  while (at < text.length) {
    const char = text[at] as string;
    if (char === '"') {
      at = stringEnd(text, at);
    } else if (commentStarts(text, at)) {
      const after = commentEnd(text, at);
      if (after === undefined) break;
      pieces.push(text.slice(copied, at), text.slice(at, after).replaceAll(/[^\r\n]/g, ' '));
      copied = after;
      at = after;
    } else {
      if (char === '{' || char === '[') {
        depth += 1;
        deepest = Math.max(deepest, depth);
      } else if (char === '}' || char === ']') {
        depth -= 1;
        if (depth === 0 && !closed) {
          closed = true;
          end = at + 1;
        }
      }
      at += 1;
    }
  }
  pieces.push(text.slice(copied));
  return { text: pieces.join(''), end, depth: deepest };
}

function commentStarts(text: string, at: number): boolean {
  return text[at] === '#' || (text[at] === '/' && (text[at + 1] === '/' || text[at + 1] === '*'));
}

/** Just after the comment, or undefined if it does not end. */
function commentEnd(text: string, at: number): number | undefined {
  if (text[at + 1] === '*' && text[at] === '/') {
    const close = text.indexOf('*/', at + 2);
    return close < 0 ? undefined : close + 2;
  }
  for (let i = at; i < text.length; i += 1) if (text[i] === '\n' || text[i] === '\r') return i;
  return text.length;
}

/** Just after the closing quote; a string that does not close ends with its line. */
function stringEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i += 1) {
    const char = text[i];
    if (char === '\\') i += 1;
    else if (char === '"') return i + 1;
    else if (char === '\n' || char === '\r') return i;
  }
  return text.length;
}
