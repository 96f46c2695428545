import type { Cidr } from '@sluice/plugin-api';
import type { Comparison } from './comparison.js';

/** Whether each of the blocks is in one of the other sets. Two of those that hold it only together do not count. */
export function blocksCovered(
  sets: readonly (readonly Cidr[])[],
  by: readonly (readonly Cidr[])[],
  comparison: Comparison,
): boolean {
  const others = by.map((one) => comparison.lookups.ofBlocks(one));
  for (const set of sets) {
    if (by.includes(set)) continue;
    for (const block of set)
      if (!comparison.spend(others.length) || !others.some((other) => other.covers(block))) return false;
  }
  return true;
}
