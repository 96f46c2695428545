import type { DomainPatterns } from '@sluice/plugin-api';
import type { Comparison } from './comparison.js';
import { patternsOf } from './domain-lookup.js';

/** Whether all names that are in one of these sets are also in one of the others. */
export function domainsCovered(
  sets: readonly DomainPatterns[],
  by: readonly DomainPatterns[],
  comparison: Comparison,
): boolean {
  const others = by.map((one) => comparison.lookups.ofDomains(one));
  for (const set of sets) {
    if (by.includes(set)) continue;
    for (const pattern of patternsOf(set)) {
      if (!comparison.spend() || !others.some((other) => other.covers(pattern, comparison))) return false;
    }
  }
  return true;
}
