import { childPointer, type ConfigNode, type Member, type Place, type ScalarNode } from './node.js';
import type { Source } from './source.js';

/** A line with something on it. `start` and `indent` move on when a "- " is taken off. */
interface Line {
  start: number;
  indent: number;
  readonly end: number;
}

const MAX_DEPTH = 40;
const KEY = /(?:[A-Za-z_$][\w$.-]{0,127}|[0-9]{1,15}|"[^"\\]{0,127}")(?=:(?: |$))/my;
const QUOTED = /"[^"\\\n]*"|'[^'\n]*'(?!')/y;
/** Without what another reading of YAML could make something else of. */
const PLAIN = /[A-Za-z0-9_./$^(\\+-][^\n]*/y;
const PLAIN_IN_FLOW = /[A-Za-z0-9_./$^(\\+-][^\n,[\]{}]*/y;
const NUMBER_LIKE =
  /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|[-+]?(?:\.[0-9]+|[0-9]+\.?[0-9]*)(?:[eE][-+]?[0-9]+)?)$/;

/** Ends the reading: the text has something that is for the complete reader. */
class Unusual extends Error {}

/**
 * Reads the YAML that most configurations are made of in a tenth of the time: blocks by indentation, lists and objects
 * in brackets on one line, texts on one line. Whatever else there is, and every fault, is for the complete reader.
 * @returns undefined for a text that is not as plain as that
 */
export function readPlainYaml(source: Source): ConfigNode | undefined {
  try {
    return new PlainYaml(source).read();
  } catch (error) {
    if (error instanceof Unusual) return undefined;
    throw error;
  }
}

class PlainYaml {
  readonly #text: string;
  readonly #lines: Line[] = [];
  /** The line that is read. */
  #at = 0;

  constructor(readonly source: Source) {
    this.#text = source.text;
  }

  read(): ConfigNode {
    this.#splitLines();
    if (this.#lines[0]?.indent !== 0) throw new Unusual();
    const root = this.#block('', 0);
    if (this.#at !== this.#lines.length) throw new Unusual();
    return root;
  }

  #splitLines(): void {
    const text = this.#text;
    if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/.test(text)) throw new Unusual();
    for (let begin = 0; begin < text.length;) {
      let end = text.indexOf('\n', begin);
      if (end < 0) end = text.length;
      let start = begin;
      while (text[start] === ' ') start += 1;
      if (start < end && text[start] !== '#') this.#lines.push({ start, indent: start - begin, end });
      begin = end + 1;
    }
  }

  #block(pointer: string, depth: number): ConfigNode {
    if (depth > MAX_DEPTH) throw new Unusual();
    const line = this.#line();
    if (this.#isItem(line)) return this.#list(pointer, depth);
    KEY.lastIndex = line.start;
    if (KEY.test(this.#text)) return this.#object(pointer, depth);
    return this.#inline(line, line.start, pointer, depth);
  }

  #list(pointer: string, depth: number): ConfigNode {
    const { start, indent } = this.#line();
    const items: ConfigNode[] = [];
    while (this.#lines[this.#at]?.indent === indent) {
      const line = this.#line();
      if (!this.#isItem(line)) break;
      let next = line.start + 1;
      while (this.#text[next] === ' ') next += 1;
      // What stands on the lines below a lone "-" is rare.
      if (next >= line.end || this.#text[next] === '#') throw new Unusual();
      line.indent += next - line.start;
      line.start = next;
      items.push(this.#block(childPointer(pointer, items.length), depth + 1));
    }
    this.#refuseDeeper(indent);
    return { kind: 'array', items, place: this.#placeOf(pointer, start, this.#blockEnd()) };
  }

  #object(pointer: string, depth: number): ConfigNode {
    const { start, indent } = this.#line();
    const members = new Map<string, Member>();
    while (this.#lines[this.#at]?.indent === indent) {
      const line = this.#line();
      KEY.lastIndex = line.start;
      const written = KEY.exec(this.#text)?.[0];
      if (written === undefined) {
        if (this.#isItem(line)) break;
        throw new Unusual();
      }
      const key = written.startsWith('"') ? written.slice(1, -1) : written;
      if (members.has(key)) throw new Unusual();
      const own = childPointer(pointer, key);
      const keyEnd = line.start + written.length;
      const keyPlace = this.#placeOf(own, line.start, keyEnd);
      members.set(key, { key, keyPlace, value: this.#valueOf(line, keyEnd + 1, own, depth) });
    }
    this.#refuseDeeper(indent);
    return { kind: 'object', members: [...members.values()], place: this.#placeOf(pointer, start, this.#blockEnd()) };
  }

  /** What stands after a key, on its line or below. */
  #valueOf(line: Line, from: number, pointer: string, depth: number): ConfigNode {
    let start = from;
    while (this.#text[start] === ' ') start += 1;
    if (start < line.end && this.#text[start] !== '#') return this.#inline(line, start, pointer, depth);
    this.#at += 1;
    const next = this.#lines[this.#at];
    if (next === undefined || next.indent < line.indent) throw new Unusual();
    if (next.indent === line.indent && !this.#isItem(next)) throw new Unusual();
    return this.#block(pointer, depth + 1);
  }

  /** A text, number, boolean, or what is in brackets, that ends with its line. */
  #inline(line: Line, start: number, pointer: string, depth: number): ConfigNode {
    const first = this.#text[start];
    const node =
      first === '[' || first === '{' ? this.#flow(start, pointer, depth) : this.#scalar(start, pointer, PLAIN);
    const end = (node.place.span as { end: number }).end;
    if (!/^ *(?: #.*)?$/.test(this.#text.slice(end, line.end))) throw new Unusual();
    this.#at += 1;
    return node;
  }

  #scalar(start: number, pointer: string, plain: RegExp): ScalarNode {
    QUOTED.lastIndex = start;
    const quoted = QUOTED.exec(this.#text)?.[0];
    if (quoted !== undefined) {
      const place = this.#placeOf(pointer, start, start + quoted.length);
      return { kind: 'scalar', value: quoted.slice(1, -1), place };
    }
    plain.lastIndex = start;
    const found = plain.exec(this.#text)?.[0];
    const text = found?.replace(/ #.*/, '').trimEnd() ?? '';
    if (text === '' || text === '-' || text.startsWith('- ') || /: |:$/.test(text)) throw new Unusual();
    const place = this.#placeOf(pointer, start, start + text.length);
    if (/^[0-9]{1,15}$/.test(text)) return { kind: 'scalar', value: Number(text), place, written: text };
    if (/^(?:true|false)$/i.test(text)) {
      if (!/^(?:[Tt]rue|TRUE|[Ff]alse|FALSE)$/.test(text)) throw new Unusual();
      return { kind: 'scalar', value: text.toLowerCase() === 'true', place, written: text };
    }
    if (/^null$/i.test(text) || NUMBER_LIKE.test(text)) throw new Unusual();
    return { kind: 'scalar', value: text, place };
  }

  #flow(start: number, pointer: string, depth: number): ConfigNode {
    if (depth > MAX_DEPTH) throw new Unusual();
    const isList = this.#text[start] === '[';
    const close = isList ? ']' : '}';
    const items: ConfigNode[] = [];
    const members = new Map<string, Member>();
    let at = this.#spaces(start + 1);
    while (this.#text[at] !== close) {
      if (items.length + members.size > 0) {
        if (this.#text[at] !== ',') throw new Unusual();
        at = this.#spaces(at + 1);
      }
      if (isList) {
        const item = this.#flowValue(at, childPointer(pointer, items.length), depth);
        items.push(item);
        at = this.#spaces((item.place.span as { end: number }).end);
        continue;
      }
      KEY.lastIndex = at;
      const written = KEY.exec(this.#text)?.[0];
      const key = written?.startsWith('"') === true ? written.slice(1, -1) : written;
      if (written === undefined || key === undefined || members.has(key)) throw new Unusual();
      const own = childPointer(pointer, key);
      const value = this.#flowValue(this.#spaces(at + written.length + 1), own, depth);
      members.set(key, { key, keyPlace: this.#placeOf(own, at, at + written.length), value });
      at = this.#spaces((value.place.span as { end: number }).end);
    }
    const place = this.#placeOf(pointer, start, at + 1);
    return isList ? { kind: 'array', items, place } : { kind: 'object', members: [...members.values()], place };
  }

  #flowValue(at: number, pointer: string, depth: number): ConfigNode {
    const first = this.#text[at];
    if (first === '[' || first === '{') return this.#flow(at, pointer, depth + 1);
    return this.#scalar(at, pointer, PLAIN_IN_FLOW);
  }

  #spaces(from: number): number {
    let at = from;
    while (this.#text[at] === ' ') at += 1;
    return at;
  }

  #line(): Line {
    const line = this.#lines[this.#at];
    if (line === undefined) throw new Unusual();
    return line;
  }

  #isItem({ start, end }: Line): boolean {
    return this.#text[start] === '-' && (start + 1 === end || this.#text[start + 1] === ' ');
  }

  /** What is further in than it may be continues what stands before. */
  #refuseDeeper(indent: number): void {
    if ((this.#lines[this.#at]?.indent ?? 0) > indent) throw new Unusual();
  }

  /** A block takes the break of its last line along. */
  #blockEnd(): number {
    return Math.min(this.#text.length, (this.#lines[this.#at - 1]?.end ?? 0) + 1);
  }

  #placeOf(pointer: string, start: number, end: number): Place {
    return { pointer, span: { source: this.source, start, end } };
  }
}
