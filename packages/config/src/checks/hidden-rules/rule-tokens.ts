import type { Cidr, DomainPatterns, RuleKey } from '@sluice/plugin-api';
import { blockLookup, prefixOf } from './block-cover.js';
import { domainLookup, parentsOf, patternsOf, type DomainPattern } from './domain-cover.js';
import type { Effort } from './effort.js';

/** Larger sets come from geo files, are the same object in many rules, and are entered as a whole. */
const LARGE = 64;
/** Wider ranges of ports are entered as a whole. */
const MOST_PORTS = 64;

type BlockSet = readonly Cidr[];

/**
 * Words for what conditions ask for. A condition that takes all that another one takes has at least one of the words
 * under which the other is looked up, so that not every rule need be compared with every other.
 */
export class RuleTokens {
  readonly #sets = new Map<DomainPatterns | BlockSet, string>();
  readonly #domainSets = new Set<DomainPatterns>();
  readonly #blockSets = new Set<BlockSet>();
  readonly #keywordLengths = new Set<number>();
  readonly #prefixes = new Set<string>();

  /** The words that a condition is entered by. */
  of(key: RuleKey): string[] {
    switch (key.kind) {
      case 'domain':
        return key.sets.flatMap((set) => this.#ofDomains(set));
      case 'ip':
      case 'source':
        return key.sets.flatMap((set) => this.#ofBlocks(set)).map((token) => `${key.kind} ${token}`);
      case 'port':
      case 'sourcePort':
        return portTokens(key.ranges).map((token) => `${key.kind} ${token}`);
      case 'protocol':
        return key.beginnings.map((beginning) => `protocol ${beginning}`);
      default:
        return key.values.map((value) => `${key.kind} ${value}`);
    }
  }

  /** The words of which a condition must have one to take all that this one takes. To be asked after all were entered. */
  lookup(key: RuleKey, effort: Effort): string[] {
    switch (key.kind) {
      case 'domain': {
        const [set] = key.sets;
        const [pattern] = set === undefined ? [] : patternsOf(set);
        return set === undefined || pattern === undefined ? [] : this.#lookupDomain(set, pattern, effort);
      }
      case 'ip':
      case 'source': {
        const [set] = key.sets;
        const block = set?.[0];
        const found = set === undefined || block === undefined ? [] : this.#lookupBlock(set, block, effort);
        return found.map((token) => `${key.kind} ${token}`);
      }
      case 'port':
      case 'sourcePort': {
        const [range] = key.ranges;
        return range === undefined ? [] : [`${key.kind} ${range.from}`, `${key.kind} *`];
      }
      case 'protocol': {
        const name = key.beginnings[0] ?? '';
        return Array.from({ length: name.length + 1 }, (_, length) => `protocol ${name.slice(0, length)}`);
      }
      default:
        return key.values.slice(0, 1).map((value) => `${key.kind} ${value}`);
    }
  }

  #ofDomains(set: DomainPatterns): string[] {
    const { full, suffixes, keywords, dotless, regexps } = set;
    if (full.length + suffixes.length + keywords.length + dotless.length + regexps.length > LARGE) {
      this.#domainSets.add(set);
      return [this.#numberOf(set)];
    }
    for (const keyword of [...keywords, ...dotless]) this.#keywordLengths.add(keyword.length);
    return [...patternsOf(set)].map(({ kind, value }) => `${kind} ${value}`);
  }

  #lookupDomain(set: DomainPatterns, { kind, value }: DomainPattern, effort: Effort): string[] {
    const found = [
      `${kind} ${value}`,
      ...this.#lookupSets(this.#domainSets, set, (large) => domainLookup(large).covers({ kind, value }, effort)),
    ];
    if (kind === 'regexps') return found;
    if (kind === 'full' || kind === 'suffixes') for (const parent of parentsOf(value)) found.push(`suffixes ${parent}`);
    for (const length of this.#keywordLengths) {
      for (let start = 0; start + length <= value.length; start += 1) {
        const part = value.slice(start, start + length);
        found.push(`keywords ${part}`, `dotless ${part}`);
      }
    }
    return found;
  }

  #ofBlocks(set: BlockSet): string[] {
    if (set.length > LARGE) {
      this.#blockSets.add(set);
      return [this.#numberOf(set)];
    }
    return set.map((block) => {
      this.#prefixes.add(`${block.bytes.length}/${block.prefix}`);
      return blockToken(block, block.prefix);
    });
  }

  #lookupBlock(set: BlockSet, block: Cidr, effort: Effort): string[] {
    const found = this.#lookupSets(this.#blockSets, set, (large) => effort.spend() && blockLookup(large).covers(block));
    // A set of several blocks may hold this one only together, so that longer prefixes count, too: by its first address.
    for (const prefix of this.#prefixes) {
      const [width, bits] = prefix.split('/').map(Number);
      if (width === block.bytes.length) found.push(blockToken(block, bits as number));
    }
    return found;
  }

  #lookupSets<S extends DomainPatterns | BlockSet>(
    large: ReadonlySet<S>,
    own: S,
    holds: (set: S) => boolean,
  ): string[] {
    return [...large].filter((set) => set === own || holds(set)).map((set) => this.#numberOf(set));
  }

  #numberOf(set: DomainPatterns | BlockSet): string {
    let number = this.#sets.get(set);
    if (number === undefined) this.#sets.set(set, (number = `set ${this.#sets.size}`));
    return number;
  }
}

function blockToken(block: Cidr, prefix: number): string {
  return `${block.bytes.length}/${prefix} ${prefixOf(block, prefix)}`;
}

function portTokens(ranges: readonly { readonly from: number; readonly to: number }[]): string[] {
  const count = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  if (count > MOST_PORTS) return ['*'];
  return ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i)));
}
