import type { YAMLParseError } from 'yaml';
import type { Problems } from '../diagnostics/problems.js';
import type { Source } from './source.js';

/** After the first few, syntax errors are consequences of the ones before. */
const MAX_SYNTAX_ERRORS = 3;

/** In our own words: the library's repeat what stands in the file, which may be a secret. */
const messages: Readonly<Partial<Record<YAMLParseError['code'], string>>> = {
  ALIAS_PROPS: 'an alias can have neither an anchor nor a tag',
  BAD_ALIAS: 'this is not an anchor or alias',
  BAD_COLLECTION_TYPE: 'the tag and what follows it are of different kinds',
  BAD_DIRECTIVE: 'this directive is not known',
  BAD_DQ_ESCAPE: 'this escape is not known; a backslash itself is written "\\\\", or the text in single quotes',
  BAD_INDENT: 'this line is indented otherwise than its neighbours',
  BAD_PROP_ORDER: 'anchors and tags stand before the value, on its line',
  BAD_SCALAR_START: 'a value that begins with this character must be written in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a key and its value must start on a line of their own here',
  BLOCK_IN_FLOW: 'between brackets, no list or object may be written by indentation',
  IMPOSSIBLE: 'this is not YAML',
  KEY_OVER_1024_CHARS: 'this key is too long',
  MISSING_CHAR: 'a character is missing here: a quote, a bracket, a comma, a colon or a space',
  MULTILINE_IMPLICIT_KEY: 'a key must end on its line; perhaps a colon is missing',
  MULTIPLE_ANCHORS: 'a value can have one anchor',
  MULTIPLE_TAGS: 'a value can have one tag',
  RESOURCE_EXHAUSTION: 'nested too deep',
  TAB_AS_INDENT: 'YAML is indented by spaces, not by tabs',
  TAG_RESOLVE_FAILED: 'this tag is not known, or the value is not of its kind',
  UNEXPECTED_TOKEN: 'this is not expected here',
};

/**
 * Reports the first errors of a text, one in a line, at places inside it.
 * @param until where the part of the text ends that was read
 */
export function reportYamlErrors(
  source: Source,
  errors: readonly YAMLParseError[],
  problems: Problems,
  until = source.text.length,
): void {
  const last = Math.max(0, source.text.slice(0, until).trimEnd().length - 1);
  const lines = new Set<number>();
  for (const { code, pos } of errors) {
    const start = Math.min(pos[0], last);
    const { line } = source.range(start, start);
    if (lines.has(line) || lines.size >= MAX_SYNTAX_ERRORS) continue;
    lines.add(line);
    // Not into the end of the line.
    const lineEnd = start + (/[\r\n]|$/.exec(source.text.slice(start))?.index ?? 0);
    const span = { source, start, end: Math.min(lineEnd, Math.max(start + 1, pos[1])) };
    problems.error('C_SYNTAX', { pointer: '', span }, messages[code] ?? 'this is not YAML');
  }
}
