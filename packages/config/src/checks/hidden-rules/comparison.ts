import type { Cidr, DomainPatterns } from '@sluice/plugin-api';
import { BlockLookup } from './block-lookup.js';
import { DomainLookup } from './domain-lookup.js';

/** What was found out of conditions: kept from one check of a configuration to the next. */
export class RuleLookups {
  readonly #domains = new WeakMap<DomainPatterns, DomainLookup>();
  readonly #blocks = new WeakMap<readonly Cidr[], BlockLookup>();

  ofDomains(patterns: DomainPatterns): DomainLookup {
    let found = this.#domains.get(patterns);
    if (found === undefined) this.#domains.set(patterns, (found = new DomainLookup(patterns)));
    return found;
  }

  ofBlocks(blocks: readonly Cidr[]): BlockLookup {
    let found = this.#blocks.get(blocks);
    if (found === undefined) this.#blocks.set(blocks, (found = new BlockLookup(blocks)));
    return found;
  }
}

/** One check's comparisons, and how many there may be: files are checked at each key press, and none may make that slow. */
export class Comparison {
  #left: number;

  constructor(
    comparisons: number,
    readonly lookups: RuleLookups,
  ) {
    this.#left = comparisons;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }

  /** @returns false when all are used up */
  spend(comparisons = 1): boolean {
    this.#left -= comparisons;
    return this.#left >= 0;
  }
}
