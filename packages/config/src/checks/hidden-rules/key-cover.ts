import type { RuleKey } from '@sluice/plugin-api';
import { blocksCovered } from './block-cover.js';
import { domainsCovered } from './domain-cover.js';
import type { Comparison } from './comparison.js';

/** Whether whatever the first condition holds for, the second one does, too; false where that cannot be told. */
export function keyCovered(key: RuleKey, by: RuleKey, comparison: Comparison): boolean {
  if (!comparison.spend()) return false;
  switch (key.kind) {
    case 'domain':
      return by.kind === 'domain' && domainsCovered(key.sets, by.sets, comparison);
    case 'ip':
    case 'source':
      return by.kind === key.kind && blocksCovered(key.sets, by.sets, comparison);
    case 'inboundTag':
    case 'user':
    case 'network':
      return by.kind === key.kind && comparison.spend(key.values.length) && includesAll(by.values, key.values);
    case 'protocol':
      return (
        by.kind === 'protocol' &&
        key.beginnings.every((wanted) => by.beginnings.some((beginning) => wanted.startsWith(beginning)))
      );
    case 'port':
    case 'sourcePort':
      return by.kind === key.kind && comparison.spend(key.ranges.length + by.ranges.length) && portsCovered(key, by);
  }
}

interface Ports {
  readonly ranges: readonly { readonly from: number; readonly to: number }[];
}

function portsCovered(key: Ports, by: Ports): boolean {
  const sorted = [...by.ranges].sort((a, b) => a.from - b.from);
  return key.ranges.every(({ from, to }) => {
    let next = from;
    for (const range of sorted) if (range.from <= next && range.to >= next) next = range.to + 1;
    return next > to;
  });
}

function includesAll(values: readonly string[], wanted: readonly string[]): boolean {
  if (values.length <= 8) return wanted.every((value) => values.includes(value));
  const all = new Set(values);
  return wanted.every((value) => all.has(value));
}
