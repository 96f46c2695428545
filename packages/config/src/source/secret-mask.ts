import { editDistance } from '../diagnostics/suggestion.js';

const MASK = '*';
/** Keys of secrets in V2Ray's protocols, also of those that no plugin here brings. */
const COMMON = /secret|passw|^pass$|token|private_?key|^psk$/i;

/**
 * The text with the values of secret keys masked, character by character, so that all offsets stay.
 * Works on the text and not on what was parsed: also in comments, in broken files and under
 * misspelled keys.
 * @param names secret keys in lower case, beside the common ones
 */
export function maskSecrets(text: string, names: ReadonlySet<string> = new Set()): string {
  const pieces: string[] = [];
  let copied = 0;
  const mask = (start: number, end: number): void => {
    if (start < copied) return;
    pieces.push(text.slice(copied, start), text.slice(start, end).replaceAll(/[^\s"'{}[\]:,]/g, MASK));
    copied = end;
  };
  for (const found of text.matchAll(/([\w-]+)["']?\s*[:=]\s*/g)) {
    if (isSecretName((found[1] as string).toLowerCase(), names)) {
      const start = found.index + found[0].length;
      mask(start, valueEnd(text, start));
    }
  }
  pieces.push(text.slice(copied));
  return pieces.join('');
}

function isSecretName(key: string, names: ReadonlySet<string>): boolean {
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
