import type { Cidr, DomainPatterns, RuleKey } from '@sluice/plugin-api';
import { blockWord } from './block-lookup.js';
import { parentsOf, patternsOf } from './domain-lookup.js';
import type { Comparison } from './comparison.js';

/** Larger sets come from geo files, are the same object in many rules, and are entered as a whole. */
const LARGE = 64;
/** So many of those are looked through for each rule; files that name more of them are rare. */
const MOST_SETS = 64;
/** Wider ranges of ports are entered as a whole. */
const MOST_PORTS = 64;

/** What tells rules apart best comes first. */
const PREFERENCE = [
  'domain',
  'ip',
  'source',
  'user',
  'port',
  'sourcePort',
  'inboundTag',
  'protocol',
  'network',
] as const;

type BlockSet = readonly Cidr[];
type Bucket = readonly number[];

/**
 * Rules that may hide others, by the values of one of their conditions. A rule that takes all that another one takes
 * has a value that covers the other's first value, so that not every rule need be compared with every other.
 */
export class HiderIndex {
  readonly #byWord = new Map<string, Map<string | number, number[]>>();
  readonly #byDomains = new Map<DomainPatterns, number[]>();
  readonly #byBlocks = { ip: new Map<BlockSet, number[]>(), source: new Map<BlockSet, number[]>() };
  readonly #wordLengths = new Set<number>();
  readonly #prefixes = new Set<string>();

  /** @param keys all that the rule asks for: at least one key */
  add(keys: readonly RuleKey[], rule: number): void {
    const kind = PREFERENCE.find((preferred) => keys.some((key) => key.kind === preferred));
    const key = keys.find((one) => one.kind === kind);
    if (key !== undefined) this.#enter(key, rule);
  }

  /** The rules, in ascending order within each bucket, among which all are that take whatever the key takes. */
  *candidates(key: RuleKey, comparison: Comparison): Generator<Bucket, void> {
    switch (key.kind) {
      case 'domain':
        yield* this.#ofDomain(key.sets[0], comparison);
        break;
      case 'ip':
      case 'source':
        yield* this.#ofBlock(key.kind, key.sets[0], comparison);
        break;
      case 'port':
      case 'sourcePort':
        yield this.#bucket(key.kind, key.ranges[0]?.from ?? 0);
        yield this.#bucket(key.kind, '*');
        break;
      case 'protocol': {
        const name = key.beginnings[0] ?? '';
        for (let length = 0; length <= name.length; length += 1) yield this.#bucket(key.kind, name.slice(0, length));
        break;
      }
      default:
        yield this.#bucket(key.kind, key.values[0] ?? '');
    }
  }

  #enter(key: RuleKey, rule: number): void {
    switch (key.kind) {
      case 'domain':
        return key.sets.forEach((set) => this.#enterDomains(set, rule));
      case 'ip':
      case 'source':
        return key.sets.forEach((set) => this.#enterBlocks(key.kind, set, rule));
      case 'port':
      case 'sourcePort':
        return portsOf(key.ranges).forEach((port) => this.#push(key.kind, port, rule));
      case 'protocol':
        return key.beginnings.forEach((beginning) => this.#push(key.kind, beginning, rule));
      default:
        return key.values.forEach((value) => this.#push(key.kind, value, rule));
    }
  }

  #enterDomains(set: DomainPatterns, rule: number): void {
    const { full, suffixes, keywords, dotless, regexps } = set;
    if (full.length + suffixes.length + keywords.length + dotless.length + regexps.length > LARGE)
      return pushToSome(this.#byDomains, set, rule);
    for (const { kind, value } of patternsOf(set)) {
      if (kind === 'keywords' || kind === 'dotless') this.#wordLengths.add(value.length);
      this.#push(kind, value, rule);
    }
  }

  *#ofDomain(set: DomainPatterns | undefined, comparison: Comparison): Generator<Bucket> {
    const [pattern] = set === undefined ? [] : patternsOf(set);
    if (set === undefined || pattern === undefined) return;
    const { kind, value } = pattern;
    for (const [large, rules] of this.#byDomains)
      if (large === set || comparison.lookups.ofDomains(large).covers(pattern, comparison)) yield rules;
    yield this.#bucket(kind, value);
    if (kind === 'regexps') return;
    if (kind === 'full' || kind === 'suffixes')
      for (const parent of parentsOf(value))
        if (kind === 'full' || parent !== value) yield this.#bucket('suffixes', parent);
    for (const length of this.#wordLengths) {
      for (let start = 0; start + length <= value.length; start += 1) {
        const part = value.slice(start, start + length);
        yield this.#bucket('keywords', part);
        yield this.#bucket('dotless', part);
      }
    }
  }

  #enterBlocks(kind: 'ip' | 'source', set: BlockSet, rule: number): void {
    if (set.length > LARGE) return pushToSome(this.#byBlocks[kind], set, rule);
    for (const block of set) {
      this.#prefixes.add(`${block.bytes.length}/${block.prefix}`);
      this.#push(kind, blockWord(block, block.prefix), rule);
    }
  }

  *#ofBlock(kind: 'ip' | 'source', set: BlockSet | undefined, comparison: Comparison): Generator<Bucket> {
    const block = set?.[0];
    if (set === undefined || block === undefined) return;
    for (const [large, rules] of this.#byBlocks[kind])
      if (large === set || (comparison.spend() && comparison.lookups.ofBlocks(large).covers(block))) yield rules;
    // Several blocks may hold this one only together, so that longer prefixes count, too: by its first address.
    for (const prefix of this.#prefixes) {
      const [width, bits] = prefix.split('/').map(Number);
      if (width === block.bytes.length) yield this.#bucket(kind, blockWord(block, bits as number));
    }
  }

  #bucket(kind: string, word: string | number): Bucket {
    return this.#byWord.get(kind)?.get(word) ?? NONE;
  }

  #push(kind: string, word: string | number, rule: number): void {
    let words = this.#byWord.get(kind);
    if (words === undefined) this.#byWord.set(kind, (words = new Map<string | number, number[]>()));
    pushTo(words, word, rule);
  }
}

const NONE: Bucket = [];

function pushTo<K>(buckets: Map<K, number[]>, key: K, rule: number): void {
  const known = buckets.get(key);
  if (known === undefined) buckets.set(key, [rule]);
  else if (known.at(-1) !== rule) known.push(rule);
}

function pushToSome<K>(buckets: Map<K, number[]>, key: K, rule: number): void {
  if (buckets.size < MOST_SETS || buckets.has(key)) pushTo(buckets, key, rule);
}

function portsOf(ranges: readonly { readonly from: number; readonly to: number }[]): (number | '*')[] {
  const count = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  if (count > MOST_PORTS) return ['*'];
  return ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
}
