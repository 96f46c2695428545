import { childPointer, type ConfigNode, type Member, type Place } from './node.js';
import type { Source } from './source.js';

/** Ends the reading: there is a fault, or something that more is to be said of. */
class Unusual extends Error {}

const QUOTE = 34;
const BACKSLASH = 92;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?=[\s,\]}]|$)/y;
const WORD = /(?:true|false|null)(?=[\s,\]}]|$)/y;
const words = { true: true, false: false, null: null } as const;

/**
 * Reads JSON without comments that has no faults, straight into a tree: long files are read at each key press. A comma
 * may stand before a closing bracket.
 * @param json the source's text with comments blanked; nested no deeper than the stack allows
 * @returns undefined for a text that a complete reader must look at
 */
export function readStrictJson(source: Source, json: string): ConfigNode | undefined {
  let at = 0;
  try {
    const root = value('');
    space();
    return at === json.length ? root : undefined;
  } catch (error) {
    if (error instanceof Unusual) return undefined;
    throw error;
  }

  function value(pointer: string): ConfigNode {
    space();
    const start = at;
    switch (json[at]) {
      case '{':
        return { kind: 'object', members: members(pointer), place: placeOf(pointer, start) };
      case '[':
        return { kind: 'array', items: items(pointer), place: placeOf(pointer, start) };
      case '"':
        return { kind: 'scalar', value: string(), place: placeOf(pointer, start) };
      default:
        return { kind: 'scalar', value: plain(), place: placeOf(pointer, start) };
    }
  }

  function members(pointer: string): Member[] {
    const found = new Map<string, Member>();
    open();
    while (!closes('}')) {
      const start = at;
      if (json.charCodeAt(at) !== QUOTE) throw new Unusual();
      const key = string();
      if (found.has(key)) throw new Unusual();
      const own = childPointer(pointer, key);
      const keyPlace = placeOf(own, start);
      space();
      if (json[at] !== ':') throw new Unusual();
      at += 1;
      found.set(key, { key, keyPlace, value: value(own) });
      separator('}');
    }
    at += 1;
    return [...found.values()];
  }

  function items(pointer: string): ConfigNode[] {
    const found: ConfigNode[] = [];
    open();
    while (!closes(']')) {
      found.push(value(childPointer(pointer, found.length)));
      separator(']');
    }
    at += 1;
    return found;
  }

  function open(): void {
    at += 1;
    space();
  }

  function closes(bracket: string): boolean {
    if (at >= json.length) throw new Unusual();
    return json[at] === bracket;
  }

  function separator(bracket: string): void {
    space();
    if (json[at] === ',') open();
    else if (json[at] !== bracket) throw new Unusual();
  }

  function string(): string {
    const start = at;
    let isEscaped = false;
    for (at += 1; ; at += 1) {
      const code = json.charCodeAt(at);
      if (code === QUOTE) break;
      // Not a number after the end.
      if (!(code >= 32)) throw new Unusual();
      if (code === BACKSLASH) {
        isEscaped = true;
        at += 1;
      }
    }
    at += 1;
    if (!isEscaped) return json.slice(start + 1, at - 1);
    try {
      return JSON.parse(json.slice(start, at)) as string;
    } catch {
      throw new Unusual();
    }
  }

  function plain(): number | boolean | null {
    WORD.lastIndex = at;
    const word = WORD.exec(json)?.[0] as keyof typeof words | undefined;
    if (word !== undefined) {
      at += word.length;
      return words[word];
    }
    NUMBER.lastIndex = at;
    const number = NUMBER.exec(json)?.[0];
    if (number === undefined || !Number.isFinite(Number(number))) throw new Unusual();
    at += number.length;
    return Number(number);
  }

  function space(): void {
    for (let code = json.charCodeAt(at); code === 32 || code === 10 || code === 13 || code === 9;) {
      at += 1;
      code = json.charCodeAt(at);
    }
  }

  function placeOf(pointer: string, start: number): Place {
    return { pointer, span: { source, start, end: at } };
  }
}
