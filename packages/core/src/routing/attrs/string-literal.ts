import { AttrsSyntaxError } from './syntax-error.js';

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

/** The prefix and quotes that a string literal begins with. */
export function stringStart(source: string, at: number): string | undefined {
  const start = /^r?(?:'''|"""|'|")/.exec(source.slice(at, at + 4));
  return start?.[0];
}

/**
 * Reads a literal that `stringStart` has found. A string of Starlark is its UTF-8 bytes: each unit of
 * the value is one byte, as in the attributes of a request.
 * @throws AttrsSyntaxError
 */
export function readString(source: string, start: number): { value: string; end: number } {
  const opening = stringStart(source, start) ?? '"';
  const isRaw = opening.startsWith('r');
  const quotes = isRaw ? opening.slice(1) : opening;
  let text = '';
  let at = start + opening.length;
  while (!source.startsWith(quotes, at)) {
    const unit = source[at];
    if (unit === undefined || (unit === '\n' && quotes.length === 1)) {
      throw new AttrsSyntaxError('the string has no end', start);
    }
    if (unit !== '\\') {
      const char = String.fromCodePoint(source.codePointAt(at) ?? 0);
      text += utf8(char);
      at += char.length;
    } else if (isRaw) {
      // The backslash stays, and what follows does not end the string.
      const next = source[at + 1] ?? '';
      text += unit + utf8(next);
      at += 1 + next.length;
    } else {
      const { bytes, length } = readEscape(source, at);
      text += bytes;
      at += length;
    }
  }
  return { value: text, end: at + quotes.length };
}

function readEscape(source: string, at: number): { bytes: string; length: number } {
  const next = source[at + 1] ?? '';
  const simple = SIMPLE[next];
  if (simple !== undefined) return { bytes: simple, length: 2 };
  const found = /^(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(
    source.slice(at + 1, at + 10),
  );
  const [all = '', octal, hex, short, long] = found ?? [];
  const byte = octal === undefined ? Number.parseInt(hex ?? '-1', 16) : Number.parseInt(octal, 8);
  if (byte >= 0 && byte < 256) return { bytes: String.fromCharCode(byte), length: 1 + all.length };
  const code = Number.parseInt(short ?? long ?? '-1', 16);
  if (code >= 0 && code <= 0x10ffff) return { bytes: utf8(String.fromCodePoint(code)), length: 1 + all.length };
  throw new AttrsSyntaxError(`the string has an unknown escape "\\${next}"; a backslash itself is written "\\\\"`, at);
}

/** The bytes of a text as units. */
export function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The text that bytes stand for. */
export function fromUtf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
