import { childPointer, type ConfigNode, type Member, type Place, type ScalarNode } from './node.js';
import type { Source } from './source.js';

/** A line with something on it. `start` and `indent` move on when a "- " is taken off. */
interface Line {
  start: number;
  indent: number;
  readonly begin: number;
  /** How far in its first character stands, whatever is taken off. */
  readonly column: number;
  /** Before its break. */
  readonly end: number;
  /** Where the next line begins. */
  readonly next: number;
}

/** A stretch of a text that is an entry of a list, or a key with its value, by itself. */
export interface YamlPart {
  readonly kind: 'item' | 'member';
  /** The stretch, with spaces before it in the place of what stands there. */
  readonly text: string;
  /** Where `text` would begin in the whole text. */
  readonly offset: number;
  /** Of the list or object that it belongs to. */
  readonly pointer: string;
  /** Which entry of the list it is. */
  readonly index: number;
  readonly depth: number;
}

/**
 * Reads what is not plain. Parts come in the order of the text.
 * @returns a list of the one item, or an object of the one member; undefined if the part cannot be read by itself
 */
export type PartReader = (part: YamlPart) => ConfigNode | undefined;

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
 * @param readPart for the entries that are not as plain as that. Default: there may be none.
 * @returns undefined for a text that cannot be read like this
 */
export function readPlainYaml(source: Source, readPart?: PartReader): ConfigNode | undefined {
  try {
    return new PlainYaml(source, readPart).read();
  } catch (error) {
    if (error instanceof Unusual) return undefined;
    throw error;
  }
}

type PartKind = Pick<YamlPart, 'kind' | 'pointer' | 'index' | 'depth'>;

class PlainYaml {
  readonly #text: string;
  readonly #lines: Line[] = [];
  /** The line that is read. */
  #at = 0;
  /** Where the last part ended that was not plain, and the line after it. */
  #partEnd: { readonly at: number; readonly end: number | undefined } = { at: -1, end: undefined };

  constructor(
    readonly source: Source,
    readonly readPart: PartReader | undefined,
  ) {
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
    if (/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\ufeff]|\r(?!\n)/.test(text))
      throw new Unusual();
    for (let begin = 0; begin < text.length;) {
      let end = text.indexOf('\n', begin);
      if (end < 0) end = text.length;
      const next = end + 1;
      if (text[end - 1] === '\r' && end > begin) end -= 1;
      let start = begin;
      while (text[start] === ' ') start += 1;
      const indent = start - begin;
      if (start < end && text[start] !== '#') this.#lines.push({ start, indent, begin, column: indent, end, next });
      begin = next;
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
      const part = { kind: 'item', pointer, index: items.length, depth } as const;
      items.push(
        this.#part(part, () => {
          let next = line.start + 1;
          while (this.#text[next] === ' ') next += 1;
          // What stands on the lines below a lone "-" is rare.
          if (next >= line.end || this.#text[next] === '#') throw new Unusual();
          line.indent += next - line.start;
          line.start = next;
          return this.#block(childPointer(pointer, items.length), depth + 1);
        }),
      );
    }
    this.#refuseDeeper(indent);
    return { kind: 'array', items, place: this.#placeOf(pointer, start, this.#blockEnd()) };
  }

  #object(pointer: string, depth: number): ConfigNode {
    const { start, indent } = this.#line();
    const members = new Map<string, Member>();
    while (this.#lines[this.#at]?.indent === indent) {
      const line = this.#line();
      if (this.#isItem(line)) break;
      const part = { kind: 'member', pointer, index: members.size, depth } as const;
      const member = this.#part(part, () => this.#member(line, pointer, depth));
      if (members.has(member.key)) throw new Unusual();
      members.set(member.key, member);
    }
    this.#refuseDeeper(indent);
    return { kind: 'object', members: [...members.values()], place: this.#placeOf(pointer, start, this.#blockEnd()) };
  }

  #member(line: Line, pointer: string, depth: number): Member {
    KEY.lastIndex = line.start;
    const written = KEY.exec(this.#text)?.[0];
    if (written === undefined) throw new Unusual();
    const key = written.startsWith('"') ? written.slice(1, -1) : written;
    const own = childPointer(pointer, key);
    const keyEnd = line.start + written.length;
    const keyPlace = this.#placeOf(own, line.start, keyEnd);
    return { key, keyPlace, value: this.#valueOf(line, keyEnd + 1, own, depth) };
  }

  /** Reads an entry, or has it read if it is not plain: then the lines that belong to it by their indentation. */
  #part(part: PartKind & { kind: 'item' }, read: () => ConfigNode): ConfigNode;
  #part(part: PartKind & { kind: 'member' }, read: () => Member): Member;
  #part(part: PartKind, read: () => ConfigNode | Member): ConfigNode | Member {
    const first = this.#at;
    const { start, indent } = this.#line();
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Unusual) || this.readPart === undefined || part.depth > MAX_DEPTH) throw error;
      let after = first + 1;
      while (this.#belongs(this.#lines[after], indent, part.kind)) after += 1;
      const next = this.#lines[after];
      // A bracket may be closed as far out as the key before it stands.
      if (next !== undefined && /[\]}]/.test(this.#text[next.begin + next.column] ?? '')) throw error;
      const text = ' '.repeat(indent) + this.#text.slice(start, next?.begin);
      // What makes sense only with what stands around it.
      if (/^ *[?:](?:\s|$)/m.test(text)) throw error;
      const node = this.readPart({ ...part, text, offset: start - indent });
      this.#at = after;
      this.#partEnd = { at: after, end: node?.place.span?.end };
      const found = node?.kind === 'array' ? node.items : node?.kind === 'object' ? node.members : [];
      if (found[0] === undefined || found.length > 1) throw error;
      return found[0];
    }
  }

  #belongs(line: Line | undefined, indent: number, kind: YamlPart['kind']): boolean {
    if (line === undefined || line.column < indent) return false;
    if (line.column > indent) return true;
    return kind === 'member' && this.#isItem({ start: line.begin + line.column, end: line.end });
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

  #isItem({ start, end }: Pick<Line, 'start' | 'end'>): boolean {
    return this.#text[start] === '-' && (start + 1 === end || this.#text[start + 1] === ' ');
  }

  /** What is further in than it may be continues what stands before. */
  #refuseDeeper(indent: number): void {
    if ((this.#lines[this.#at]?.indent ?? 0) > indent) throw new Unusual();
  }

  /** A block takes the break of its last line along. */
  #blockEnd(): number {
    const { at, end } = this.#partEnd;
    return (at === this.#at ? end : undefined) ?? Math.min(this.#text.length, this.#lines[this.#at - 1]?.next ?? 0);
  }

  #placeOf(pointer: string, start: number, end: number): Place {
    return { pointer, span: { source: this.source, start, end } };
  }
}
