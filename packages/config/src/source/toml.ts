import { parse, TomlDate, TomlError } from 'smol-toml';
import type { Problems } from '../diagnostics/problems.js';
import { MAX_DEPTH } from './jsonc.js';
import { childPointer, type ConfigNode, type Member, type Place } from './node.js';
import type { Source } from './source.js';
import { scanToml, type TomlPlace } from './toml-places.js';

/**
 * Reads TOML 1.0. Dates and times are texts, as they are written.
 * @returns undefined if the text has errors, which were reported
 */
export function readToml(source: Source, problems: Problems): ConfigNode | undefined {
  try {
    const value = parse(source.text, { maxDepth: MAX_DEPTH });
    const reader = new TomlTree(source, problems);
    const node = reader.convert(value, scanToml(source.text).root, { pointer: '', span: { source, start: 0, end: 0 } });
    return reader.failed ? undefined : node;
  } catch (error) {
    reportTomlError(source, error, problems);
    return undefined;
  }
}

/** In few words: the library's show the text around, which may be a secret. */
function reportTomlError(source: Source, error: unknown, problems: Problems): void {
  if (error instanceof TomlError) {
    const last = Math.max(0, source.text.trimEnd().length - 1);
    const start = Math.min(offsetOf(source.text, error.line, error.column), last);
    const what = /^Invalid TOML document: ([^\n]*)/.exec(error.message)?.[1] ?? '';
    const message = /^[a-z][a-z ,'()-]*$/i.test(what) ? `this is not TOML: ${what}` : 'this is not TOML';
    problems.error(
      'C_SYNTAX',
      { pointer: '', span: { source, start, end: /[\r\n]/.test(source.text[start] ?? '\n') ? start : start + 1 } },
      message,
    );
    return;
  }
  if (!(error instanceof RangeError)) throw error;
  problems.error('C_SYNTAX', { pointer: '', span: { source, start: 0, end: 0 } }, 'nested too deep');
}

function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let n = 1; n < line; n += 1) {
    const next = text.indexOf('\n', start);
    if (next < 0) break;
    start = next + 1;
  }
  return start + Math.max(0, column - 1);
}

class TomlTree {
  failed = false;

  constructor(
    readonly source: Source,
    readonly problems: Problems,
  ) {}

  /** @param place where the value stands, or the nearest that is known */
  convert(value: unknown, known: TomlPlace | undefined, place: Place, depth = 0): ConfigNode {
    if (depth > MAX_DEPTH) throw new RangeError();
    if (Array.isArray(value)) {
      const items = value.map((item: unknown, index) => {
        const own = known?.items[index];
        return this.convert(item, own, this.#placeOf(own, childPointer(place.pointer, index), place), depth + 1);
      });
      return { kind: 'array', items, place };
    }
    if (value instanceof TomlDate) {
      const { span } = place;
      const written =
        known === undefined || span === undefined ? value.toISOString() : span.source.text.slice(span.start, span.end);
      return { kind: 'scalar', value: written, place };
    }
    if (typeof value === 'object' && value !== null)
      return { kind: 'object', members: this.#members(value, known, place, depth), place };
    if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value))
      return { kind: 'scalar', value: value as string | number | boolean, place };
    this.failed = true;
    this.problems.error('C_TYPE', place, 'not a value that JSON has', { found: 'a number that is not finite' });
    return { kind: 'scalar', value: null, place };
  }

  #members(value: object, known: TomlPlace | undefined, place: Place, depth: number): Member[] {
    // Objects put keys of digits first; the text's own order is kept.
    const names = [...(known?.members.keys() ?? [])].filter((name) => Object.hasOwn(value, name));
    const all = new Set([...names, ...Object.keys(value)]);
    const entries = new Map(Object.entries(value));
    return [...all].map((key) => {
      const own = known?.members.get(key);
      const pointer = childPointer(place.pointer, key);
      const inner = this.#placeOf(own, pointer, place);
      const keyPlace =
        own === undefined ? inner : { pointer, span: { source: this.source, start: own.keyStart, end: own.keyEnd } };
      return { key, keyPlace, value: this.convert(entries.get(key), own, inner, depth + 1) };
    });
  }

  #placeOf(known: TomlPlace | undefined, pointer: string, nearest: Place): Place {
    if (known === undefined) return { ...nearest, pointer };
    return { pointer, span: { source: this.source, start: known.start, end: known.end } };
  }
}
