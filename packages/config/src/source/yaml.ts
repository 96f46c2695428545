import {
  Composer,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Parser,
  type Alias,
  type CST,
  type Document,
  type Node,
  type Pair,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { Problems } from '../diagnostics/problems.js';
import { MAX_DEPTH } from './jsonc.js';
import { childPointer, type ConfigNode, type Member, type Place, type ScalarNode } from './node.js';
import { readPlainYaml, type YamlPart } from './plain-yaml.js';
import type { ReadingOptions } from './reading-options.js';
import type { Source } from './source.js';
import { reportYamlErrors } from './yaml-errors.js';

/** How many values aliases may repeat: a text of some lines could fill the memory with them. */
const MAX_REPEATED = 100_000;

const CORE_TAG = /^(!|tag:yaml\.org,2002:(str|int|float|bool|null|map|seq))$/;

/** Stops the reading after an error that was reported. */
class Refused extends Error {}

/**
 * Reads one document of YAML 1.2 in its core schema, with anchors, aliases and merge keys.
 * @returns undefined if the text has errors, which were reported
 */
export function readYaml(
  source: Source,
  problems: Problems,
  { isComplete = false, onPlain }: ReadingOptions = {},
): ConfigNode | undefined {
  if (!isComplete) {
    try {
      const parts = new YamlParts(source);
      const plain = readPlainYaml(source, (part) => parts.read(part));
      if (plain !== undefined) {
        problems.take(parts.problems);
        if (parts.arePlain) onPlain?.();
        return plain;
      }
    } catch (error) {
      if (!(error instanceof RefusedPart)) throw error;
      problems.take(error.problems);
      return undefined;
    }
  }
  const refuse = (message: string, start = 0, end = start + 1): ConfigNode | undefined => {
    problems.error('C_SYNTAX', { pointer: '', span: { source, start, end } }, message);
    return undefined;
  };
  try {
    const tokens = [...new Parser().parse(source.text)];
    if (tokens.some((token) => depthOf(token) > MAX_DEPTH))
      return refuse(`nested more than ${MAX_DEPTH} levels deep`, 0, 0);
    const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false, prettyErrors: false });
    const [document, second] = [...composer.compose(tokens, true, source.text.length)];
    if (document === undefined) return refuse('the file is empty', 0, 0);
    if (document.errors.length > 0) {
      reportYamlErrors(source, document.errors, problems);
      return undefined;
    }
    if (second !== undefined) return refuse('a second document starts here; a file holds one', second.range[0]);
    const { contents } = document as Document<ParsedNode>;
    if (contents === null || (isScalar(contents) && contents.value === null && contents.source === '')) {
      problems.error('C_SYNTAX', { pointer: '', span: { source, start: 0, end: 0 } }, 'the file is empty', {
        expected: 'an object: {}',
      });
      return undefined;
    }
    return new YamlTree(source, problems).convert(contents, '', 0);
  } catch (error) {
    if (error instanceof Refused) return undefined;
    if (error instanceof RangeError) return refuse('nested too deep', 0, 0);
    throw error;
  }
}

/** Ends the reading of a text because of a part of it. */
class RefusedPart extends Error {
  constructor(readonly problems: Problems) {
    super();
  }
}

/** The parts of a text that are not plain. What is wrong with one of them is wrong with the text. */
class YamlParts {
  readonly problems = new Problems();
  readonly #tree: YamlTree;
  /** Whether no part repeats another one, or itself a key. */
  arePlain = true;

  constructor(readonly source: Source) {
    this.#tree = new YamlTree(source, this.problems);
  }

  read({ kind, text, offset, pointer, index, depth }: YamlPart): ConfigNode | undefined {
    // What comes first in a list or object is read a little differently from what follows.
    const indent = ' '.repeat(text.search(/[^ ]/));
    const before = index === 0 ? '' : `${indent}${kind === 'item' ? '-' : 'k:'} v\n`;
    const document = documentOf(before + text, offset - before.length, depth);
    if (document === undefined) return undefined;
    if (document.errors.length > 0) {
      reportYamlErrors(this.source, document.errors, this.problems, offset + text.length);
      throw new RefusedPart(this.problems);
    }
    const { contents } = document;
    const list = isMap(contents) || isSeq(contents) ? contents : undefined;
    if (list === undefined || isSeq(list) !== (kind === 'item')) return undefined;
    if (index > 0) list.items.shift();
    if (list.items.length !== 1 || list.flow === true || list.tag !== undefined) return undefined;
    this.arePlain &&= !/[&*]|<</.test(text);
    const known = this.problems.count;
    try {
      return isMap(list) ? this.#tree.convert(list, pointer, depth) : this.#tree.entry(list, pointer, index, depth);
    } catch (error) {
      if (error instanceof Refused) throw new RefusedPart(this.problems);
      throw error;
    } finally {
      this.arePlain &&= this.problems.count === known;
    }
  }
}

/** The one document of a part; undefined if it is none, or nested too deep: that is told of the whole text. */
function documentOf(text: string, offset: number, depth: number): Document<ParsedNode> | undefined {
  const parser = new Parser();
  parser.offset = offset;
  try {
    const tokens = [...parser.parse(text)];
    if (tokens.some((token) => depthOf(token) + depth > MAX_DEPTH)) return undefined;
    const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false, prettyErrors: false });
    const [document, second] = [...composer.compose(tokens, true, offset + text.length)];
    return second === undefined ? document : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** How deep a token is nested, found without recursion. */
function depthOf(token: CST.Token): number {
  let deepest = 0;
  const open: [CST.Token, number][] = [[token, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [current, depth] = next;
    deepest = Math.max(deepest, depth);
    if (deepest > MAX_DEPTH) break;
    if (current.type === 'document' && current.value !== undefined) open.push([current.value, depth]);
    if (!('items' in current)) continue;
    for (const { key, value } of current.items) {
      if (key) open.push([key, depth + 1]);
      if (value) open.push([value, depth + 1]);
    }
  }
  return deepest;
}

class YamlTree {
  readonly #anchors = new Map<string, Node>();
  /** Which node each alias means: an anchor may be given anew further on. */
  readonly #targets = new Map<Alias, Node>();
  readonly #open = new Set<Node>();
  #aliasDepth = 0;
  #repeated = 0;

  constructor(
    readonly source: Source,
    readonly problems: Problems,
  ) {}

  convert(node: Node | null | undefined, pointer: string, depth: number): ConfigNode {
    if (isAlias(node)) return this.#convertAlias(node, pointer, depth);
    const place = this.#placeOf(node, pointer);
    if (node === null || node === undefined) return { kind: 'scalar', value: null, place };
    if (this.#aliasDepth > 0) {
      this.#repeated += 1;
      if (this.#repeated > MAX_REPEATED) this.#refuse(`aliases repeat more than ${MAX_REPEATED} values`, place);
    }
    if (depth > MAX_DEPTH) this.#refuse(`nested more than ${MAX_DEPTH} levels deep`, place);
    const { tag } = node;
    if (tag !== undefined && !CORE_TAG.test(tag)) this.#refuse('a tag that is not of the core schema', place);
    const { anchor } = node as Scalar;
    if (anchor !== undefined && this.#aliasDepth === 0) this.#anchors.set(anchor, node);
    this.#open.add(node);
    const converted = this.#convertOwn(node, place, depth);
    this.#open.delete(node);
    return converted;
  }

  #convertOwn(node: Node, place: Place, depth: number): ConfigNode {
    if (isMap(node)) return { kind: 'object', members: this.#members(node, place.pointer, depth), place };
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.#item(item, place, index, depth));
      return { kind: 'array', items, place };
    }
    return this.#scalar(node as Scalar, place);
  }

  /** A list of one that is the entry of a longer one. */
  entry(list: YAMLSeq, pointer: string, index: number, depth: number): ConfigNode {
    const place = this.#placeOf(list, pointer);
    return { kind: 'array', items: [this.#item(list.items[0], place, index, depth)], place };
  }

  #item(item: unknown, list: Place, index: number, depth: number): ConfigNode {
    if (isPair(item)) return this.#refuse('a key and its value stand here without braces', list);
    return this.convert(item as Node, childPointer(list.pointer, index), depth + 1);
  }

  #scalar({ value, source: written, type }: Scalar, place: Place): ScalarNode {
    if (value === null || typeof value === 'string') return { kind: 'scalar', value, place };
    if (typeof value !== 'boolean' && typeof value !== 'number')
      return this.#refuse('not a value that JSON has', place);
    if (!Number.isFinite(Number(value))) {
      this.problems.error('C_TYPE', place, 'not a value that JSON has', { found: 'a number that is not finite' });
      throw new Refused();
    }
    return { kind: 'scalar', value, place, ...(type === 'PLAIN' && written !== undefined ? { written } : {}) };
  }

  #convertAlias(alias: Alias, pointer: string, depth: number): ConfigNode {
    const target = this.#targetOf(alias, pointer);
    this.#aliasDepth += 1;
    const converted = this.convert(target, pointer, depth);
    this.#aliasDepth -= 1;
    return converted;
  }

  #targetOf(alias: Alias, pointer: string): Node {
    const target = this.#targets.get(alias) ?? this.#anchors.get(alias.source);
    if (target === undefined)
      return this.#refuse('no anchor of this name stands before', this.#placeOf(alias, pointer));
    if (this.#open.has(target)) this.#refuse('an alias inside what it repeats', this.#placeOf(alias, pointer));
    this.#targets.set(alias, target);
    return target;
  }

  #members(map: YAMLMap, pointer: string, depth: number): Member[] {
    const members = new Map<string, Member>();
    const merged = new Set<string>();
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      if (isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN') {
        for (const member of this.#merged(pair.value, pointer, depth)) {
          if (members.has(member.key)) continue;
          members.set(member.key, member);
          merged.add(member.key);
        }
        continue;
      }
      const key = this.#keyOf(pair.key, pointer);
      const own = childPointer(pointer, key);
      const earlier = members.get(key);
      if (earlier !== undefined && !merged.has(key) && this.#aliasDepth === 0) {
        this.problems.warning(
          'C_DUPLICATE_KEY',
          earlier.keyPlace,
          `${JSON.stringify(key)} stands here and again further on; the last one counts`,
          { related: [{ place: this.#placeOf(pair.key, own), message: 'the one that counts' }] },
        );
      }
      members.delete(key);
      merged.delete(key);
      const keyPlace = this.#placeOf(pair.key, own);
      const value = this.convert(pair.value, own, depth + 1);
      // A value that is left out stands where its key does.
      const placed = value.place.span === undefined ? { ...value, place: keyPlace } : value;
      members.set(key, { key, keyPlace, value: placed });
    }
    return [...members.values()];
  }

  /** What "<<" brings: an object's members, or those of several, where the first one counts. */
  #merged(value: Node | null, pointer: string, depth: number): readonly Member[] {
    const from = isSeq(value) ? (value.items as Node[]) : [value];
    return from.flatMap((one) => {
      const node = this.convert(one, pointer, depth + 1);
      if (node.kind === 'object') return node.members;
      return this.#refuse('"<<" takes an object or a list of objects', this.#placeOf(value, pointer));
    });
  }

  #keyOf(key: Node | null, pointer: string): string {
    const node = isAlias(key) ? this.#targetOf(key, pointer) : key;
    if (!isScalar(node)) return this.#refuse('a key must be a text', this.#placeOf(key, pointer));
    const { anchor } = node;
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    return node.type === 'PLAIN' && node.source !== undefined ? node.source : String(node.value);
  }

  #placeOf(node: Node | null | undefined, pointer: string): Place {
    const range = node?.range;
    if (range === undefined || range === null) return { pointer };
    return { pointer, span: { source: this.source, start: range[0], end: range[1] } };
  }

  #refuse(message: string, place: Place): never {
    const span = place.span ?? { source: this.source, start: 0, end: 0 };
    this.problems.error('C_SYNTAX', { pointer: place.pointer, span }, message);
    throw new Refused();
  }
}
