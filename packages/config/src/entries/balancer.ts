import { describeFound } from '../diagnostics/found.js';
import { nearest } from '../diagnostics/suggestion.js';
import type { BalancerConfig } from '../model.js';
import { orList } from '../schema/description.js';
import { member, text, type ConfigNode, type ObjectNode } from '../source/node.js';
import type { EntryContext } from './context.js';
import { readContributed } from './contributed.js';
import { settingsOf } from './protocol.js';

/** A prefix of outbounds' tags, and where it stands. */
export interface Selector {
  readonly prefix: string;
  readonly node: ConfigNode;
}

/** A balancer as far as it could be read. */
export interface BalancerEntry {
  readonly node: ObjectNode;
  readonly tag: string;
  readonly selector: readonly Selector[];
  readonly strategy: BalancerConfig['strategy'] | undefined;
  /** Whether the strategy knows of nothing without an observatory. */
  readonly needsHealth: boolean;
}

const DEFAULT_STRATEGY = 'random';

export function readBalancer(node: ConfigNode, context: EntryContext): BalancerEntry | undefined {
  if (node.kind !== 'object') return undefined;
  const strategy = readStrategy(node, context);
  return {
    node,
    tag: text(node, 'tag') ?? '',
    selector: readSelector(member(node, 'selector')),
    strategy: strategy?.config,
    needsHealth: strategy?.needsHealth ?? false,
  };
}

/** The entry must be free of errors. */
export function balancerConfig({ node, tag, selector, strategy }: BalancerEntry): BalancerConfig {
  const fallbackTag = text(node, 'fallbackTag');
  return {
    tag,
    selector: selector.map(({ prefix }) => prefix),
    strategy: strategy as BalancerConfig['strategy'],
    ...(fallbackTag === undefined || fallbackTag === '' ? {} : { fallbackTag }),
  };
}

function readSelector(node: ConfigNode | undefined): Selector[] {
  const parts = node?.kind === 'array' ? node.items : node === undefined ? [] : [node];
  return parts.flatMap((part) => {
    if (part.kind !== 'scalar' || typeof part.value !== 'string') return [];
    // As V2Ray's lists of texts: one text may hold several, with commas between them.
    const prefixes = node?.kind === 'array' ? [part.value] : part.value.split(',').map((prefix) => prefix.trim());
    return prefixes.map((prefix) => ({ prefix, node: part }));
  });
}

function readStrategy(
  balancer: ObjectNode,
  context: EntryContext,
): { readonly config: BalancerConfig['strategy']; readonly needsHealth: boolean } | undefined {
  const written = member(balancer, 'strategy') ?? { ...balancer, members: [] };
  const type = written.kind === 'object' ? member(written, 'type') : written;
  if (type !== undefined && (type.kind !== 'scalar' || typeof type.value !== 'string')) return undefined;
  const name = type === undefined || type.value === '' ? DEFAULT_STRATEGY : String(type.value);
  const known = context.contributions.balancerStrategies;
  const named = known.get(name.toLowerCase());
  if (named === undefined) {
    const names = [...known.values()].map((one) => one.name).sort();
    const suggestion = nearest(name, names);
    context.problems.error('C_UNKNOWN_STRATEGY', (type ?? written).place, 'no balancer chooses in this way', {
      found: type === undefined ? undefined : describeFound(type),
      expected: orList(names.map((one) => JSON.stringify(one))),
      suggestion: suggestion === undefined ? undefined : JSON.stringify(suggestion),
    });
    return undefined;
  }
  const contributed = readContributed(settingsOf(written), named, context);
  if (contributed === undefined) return undefined;
  return {
    config: { type: named.name, settings: contributed.value },
    needsHealth: named.contribution.needsHealth === true,
  };
}
