import type { RuleCondition, RuleKey } from '@sluice/plugin-api';
import type { DomainIndex } from './domain-index.js';
import { ValueIndex } from './value-index.js';

/** Ports in a range that is entered one by one; a longer one tells too little. */
const MOST_PORTS = 256;

/** To know the client's address may cost a system call: it is looked up for as many rules, or none. */
const SOURCE_RULES = 8;

/** Of a rule's conditions, which one to look it up by. */
export class KeyChoice {
  /** By kind and value, the rules that ask for it. */
  readonly #shares: ValueIndex<string>;
  readonly #domains: DomainIndex;
  readonly #bySource: boolean;

  /** @param domains with the patterns of all rules */
  constructor(rules: readonly (readonly RuleCondition[])[], domains: DomainIndex) {
    this.#domains = domains;
    this.#shares = new ValueIndex(rules.length);
    const looksAtSource = ({ key }: RuleCondition): boolean => key?.kind === 'source' || key?.kind === 'sourcePort';
    this.#bySource = rules.filter((conditions) => conditions.some(looksAtSource)).length >= SOURCE_RULES;
    rules.forEach((conditions, rule) => {
      for (const { key } of conditions) for (const value of valuesOf(key)) this.#shares.add(value, rule);
    });
  }

  /** The key that the fewest other rules have in common; undefined where there is none. */
  best(conditions: readonly RuleCondition[], { withIps }: { withIps: boolean }): RuleKey | undefined {
    let best: RuleKey | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const { key } of conditions) {
      if (key === undefined || (key.kind === 'ip' && !withIps)) continue;
      const shared = this.#sharedBy(key);
      if (shared >= least) continue;
      least = shared;
      best = key;
    }
    return best;
  }

  #sharedBy(key: RuleKey): number {
    switch (key.kind) {
      case 'domain':
        return this.#domains.rulesSharing(key.sets);
      case 'ip':
        return 2;
      case 'source':
        return this.#bySource ? SOURCE_RULES : Number.POSITIVE_INFINITY;
      default: {
        const values = valuesOf(key);
        const most = values.reduce((sum, value) => Math.max(sum, this.#shares.countOf(value)), 0);
        if (values.length === 0 || (key.kind === 'sourcePort' && !this.#bySource)) return Number.POSITIVE_INFINITY;
        return key.kind === 'sourcePort' ? most + SOURCE_RULES : most;
      }
    }
  }
}

/** The ports of a key, or none if they are too many to enter each. */
export function portsOf({
  ranges,
}: {
  readonly ranges: readonly { readonly from: number; readonly to: number }[];
}): number[] {
  const count = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  if (count > MOST_PORTS) return [];
  return ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
}

function valuesOf(key: RuleKey | undefined): string[] {
  if (key === undefined) return [];
  if (key.kind === 'inboundTag' || key.kind === 'user') return key.values.map((value) => `${key.kind}:${value}`);
  if (key.kind === 'port' || key.kind === 'sourcePort') return portsOf(key).map((port) => `${key.kind}:${port}`);
  return [];
}
