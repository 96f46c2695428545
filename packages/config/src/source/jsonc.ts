import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { Problems } from '../diagnostics/problems.js';
import { childPointer, type ConfigNode, type Member, type Place } from './node.js';
import { plainJson } from './plain-json.js';
import type { ReadingOptions } from './reading-options.js';
import type { Source } from './source.js';
import { readStrictJson } from './strict-json.js';

/** Far beyond any configuration; keeps recursion within the stack. */
export const MAX_DEPTH = 100;
/** After the first few, syntax errors are consequences of the ones before. */
const MAX_SYNTAX_ERRORS = 3;

const messages: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is not a JSON value; strings and keys stand in double quotes',
  InvalidNumberFormat: 'this is not a number',
  PropertyNameExpected: 'a key in double quotes is expected here',
  ValueExpected: 'a value is expected here',
  ColonExpected: 'a colon is expected between key and value',
  CommaExpected: 'a comma is missing before this',
  CloseBraceExpected: 'a "}" is missing',
  CloseBracketExpected: 'a "]" is missing',
  EndOfFileExpected: 'nothing may follow here',
  UnexpectedEndOfComment: 'this comment does not end: "*/" is missing',
  UnexpectedEndOfString: "this string does not end: a '\"' is missing",
  UnexpectedEndOfNumber: 'this number is cut short',
  InvalidUnicode: '"\\u" must be followed by four hexadecimal digits',
  InvalidEscapeCharacter: 'this escape is not known; a backslash itself is written "\\\\"',
  InvalidCharacter: 'control characters are not allowed in strings',
};

/**
 * Reads JSON with V2Ray's leniencies: comments, trailing commas, text after the object.
 * @returns undefined if the text has errors, which were reported
 */
export function readJsonc(
  source: Source,
  problems: Problems,
  { isComplete = false, onPlain }: ReadingOptions = {},
): ConfigNode | undefined {
  const plain = plainJson(source.text);
  if (plain.depth > MAX_DEPTH) {
    problems.error(
      'C_SYNTAX',
      { pointer: '', span: { source, start: 0, end: 0 } },
      `nested more than ${MAX_DEPTH} levels deep`,
    );
    return undefined;
  }
  const json = plain.text.slice(0, plain.end);
  if (json.trim() === '') {
    problems.error('C_SYNTAX', { pointer: '', span: { source, start: 0, end: 0 } }, 'the file is empty', {
      expected: 'an object: {}',
    });
    return undefined;
  }
  const strict = isComplete ? undefined : readStrictJson(source, json);
  if (strict !== undefined) onPlain?.();
  const root = strict ?? readCompletely();
  if (root === undefined) return undefined;
  const trailing = plain.text.slice(plain.end);
  if (trailing.trim() !== '') {
    const start = plain.end + trailing.search(/\S/);
    const span = { source, start, end: plain.end + trailing.trimEnd().length };
    problems.warning('C_TRAILING', { pointer: '', span }, 'what follows the object is not read');
  }
  return root;

  function readCompletely(): ConfigNode | undefined {
    const errors: ParseError[] = [];
    const tree = parseTree(json, errors, { allowTrailingComma: true });
    if (tree !== undefined && errors.length === 0) return convert(tree, '');
    reportSyntaxErrors(source, json, errors, problems);
    return undefined;
  }

  function convert(node: Node, pointer: string): ConfigNode {
    const place = placeOf(node, pointer);
    if (node.type === 'array') {
      const items = (node.children ?? []).map((child, index) => convert(child, childPointer(pointer, index)));
      return { kind: 'array', items, place };
    }
    if (node.type === 'object') return { kind: 'object', members: convertMembers(node, pointer), place };
    return { kind: 'scalar', value: node.value as string | number | boolean | null, place };
  }

  function convertMembers(node: Node, pointer: string): Member[] {
    const members = new Map<string, Member>();
    for (const property of node.children ?? []) {
      const [keyNode, valueNode] = property.children ?? [];
      if (keyNode === undefined || valueNode === undefined) continue;
      const key = keyNode.value as string;
      const own = childPointer(pointer, key);
      const earlier = members.get(key);
      if (earlier !== undefined) {
        problems.warning(
          'C_DUPLICATE_KEY',
          earlier.keyPlace,
          `${JSON.stringify(key)} stands here and again further on; the last one counts`,
          { related: [{ place: placeOf(keyNode, own), message: 'the one that counts' }] },
        );
        members.delete(key);
      }
      members.set(key, { key, keyPlace: placeOf(keyNode, own), value: convert(valueNode, own) });
    }
    return [...members.values()];
  }

  function placeOf(node: Node, pointer: string): Place {
    return { pointer, span: { source, start: node.offset, end: node.offset + node.length } };
  }
}

function reportSyntaxErrors(source: Source, json: string, errors: readonly ParseError[], problems: Problems): void {
  const last = json.trimEnd().length;
  const lines = new Set<number>();
  for (const { error, offset, length } of errors) {
    // What is missing at the end is shown at the last character that is there.
    const start = offset >= last ? last - 1 : offset;
    const { line } = source.range(start, start);
    if (lines.has(line) || lines.size >= MAX_SYNTAX_ERRORS) continue;
    lines.add(line);
    let end = Math.min(start + Math.max(1, length), last);
    // A string that does not end takes a part of the line break along if it ends with a backslash.
    while (end > start + 1 && /[\r\n]/.test(json.charAt(end - 1))) end -= 1;
    const place = { pointer: '', span: { source, start, end } };
    const what = messages[printParseErrorCode(error)] ?? 'this is not JSON';
    problems.error('C_SYNTAX', place, offset >= last ? `the file ends too early: ${what}` : what);
  }
}
