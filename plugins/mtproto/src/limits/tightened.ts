import { parseDateTime } from './date-time.js';
import type { LimitSettings } from './limit-settings.js';

/** Whether other limits forbid anything that these have allowed. What they allow in addition does not count. */
export function isTightened(before: LimitSettings = {}, after: LimitSettings = {}): boolean {
  return (
    isLess(before.maxConnections, after.maxConnections) ||
    isLess(before.maxSourceIPs, after.maxSourceIPs) ||
    isLess(before.quota?.up, after.quota?.up) ||
    isLess(before.quota?.down, after.quota?.down) ||
    isLess(before.quota?.total, after.quota?.total) ||
    isLess(before.rate?.up, after.rate?.up) ||
    isLess(before.rate?.down, after.rate?.down) ||
    isLess(endOf(before), endOf(after)) ||
    // Entries are compared as they are written; whoever writes them in another way comes back in a moment.
    lacks(after.allow, before.allow) ||
    lacks(before.deny ?? [], after.deny ?? [])
  );
}

function isLess(before = Infinity, after = Infinity): boolean {
  return after < before;
}

function endOf({ expiresAt }: LimitSettings): number | undefined {
  return expiresAt === undefined ? undefined : (parseDateTime(expiresAt) ?? -Infinity);
}

/** Whether entries are missing from a list; undefined is the list of everything. */
function lacks(list: readonly string[] | undefined, entries: readonly string[] | undefined): boolean {
  if (list === undefined) return false;
  if (entries === undefined) return true;
  const known = new Set(list);
  return entries.some((entry) => !known.has(entry));
}
