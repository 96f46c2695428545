import { plainJson } from '../source/plain-json.js';
import type { Format } from '../source/format.js';

/** A comment of a text: its words without the marks, one entry for each line. */
export interface Comment {
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
  /** Nothing but space stands before it in its line. */
  readonly ownLine: boolean;
}

/** The comments of a text that its format's reader has read, in their order. */
export async function commentsOf(text: string, format: Format): Promise<Comment[]> {
  const spans = await spansOf(text, format);
  return spans.map(([start, end]) => {
    let before = start - 1;
    while (text[before] === ' ' || text[before] === '\t') before -= 1;
    const ownLine = before < 0 || text[before] === '\n' || text[before] === '\r';
    return { start, end, lines: wordsOf(text.slice(start, end)), ownLine };
  });
}

async function spansOf(text: string, format: Format): Promise<readonly (readonly [number, number])[]> {
  if (format === 'toml') return (await import('../source/toml-places.js')).scanToml(text).comments;
  return format === 'yaml' ? yamlSpans(text) : jsonSpans(text);
}

/** Where the reader of JSON has blanked something that is no space: a comment, up to the end of its line. */
function jsonSpans(text: string): [number, number][] {
  const { text: plain } = plainJson(text);
  const spans: [number, number][] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (plain[at] === text[at]) continue;
    const block = text.startsWith('/*', at);
    const close = block ? text.indexOf('*/', at) + 2 : at + (/[\r\n]|$/.exec(text.slice(at))?.index ?? 0);
    spans.push([at, close]);
    at = close - 1;
  }
  return spans;
}

async function yamlSpans(text: string): Promise<[number, number][]> {
  const { Lexer } = await import('yaml');
  const spans: [number, number][] = [];
  let at = 0;
  let isScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    // Marks that the lexer puts between what is in the text.
    if (lexeme === '\u001f') isScalar = true;
    else if (lexeme !== '\u0002' && lexeme !== '\u0018') {
      if (lexeme.startsWith('#') && !isScalar) spans.push([at, at + lexeme.trimEnd().length]);
      isScalar = false;
      at += lexeme.length;
    }
  }
  return spans;
}

/** Without what no format allows in a comment. */
function wordsOf(raw: string): string[] {
  const comment = raw.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\ufeff]/g, ' ');
  if (!comment.startsWith('/*')) return [comment.replace(/^(#+|\/\/+)/, '').trimEnd()];
  const lines = comment.slice(2, -2).split(/\r\n|\n|\r/);
  return lines
    .map((line) =>
      line
        .trim()
        .replace(/^\*\s?/, '')
        .trimEnd(),
    )
    .filter((line, index) => line !== '' || (index > 0 && index < lines.length - 1))
    .map((line) => ` ${line}`);
}
