import type { ProblemReporter } from '@sluice/plugin-api';
import { checkCidrs } from '../address/cidr-set.js';
import { BlockCover } from './block-cover.js';
import { parseDateTime } from './date-time.js';
import type { LimitSettings } from './limit-settings.js';

type Path = readonly (string | number)[];

export interface CheckedSettings {
  readonly users?: readonly LimitSettings[] | undefined;
  readonly usageFile?: string | undefined;
}

/**
 * What the schema cannot say of the limits in an inbound's settings.
 * @param now in ms since 1970
 */
export function checkLimits(settings: CheckedSettings, problems: ProblemReporter, now = Date.now()): void {
  const { users = [], usageFile } = settings;
  users.forEach((user, index) => {
    const path = ['users', index];
    checkQuota(user, path, problems);
    checkCounts(user, path, problems);
    checkExpiry(user, path, problems, now);
    checkAddresses(user, path, problems);
  });
  const withQuota = users.findIndex(({ quota }) => quota !== undefined && Object.keys(quota).length > 0);
  if (usageFile === undefined && withQuota >= 0) {
    problems.warning(
      ['users', withQuota, 'quota'],
      'what is used of a quota is forgotten on a restart: set "usageFile" to keep it',
    );
  } else if (usageFile !== undefined && users.every(({ quota }) => quota === undefined)) {
    problems.warning(['usageFile'], 'nothing is kept in it: no user has a quota');
  }
}

function checkQuota({ quota, rate }: LimitSettings, path: Path, problems: ProblemReporter): void {
  for (const [key, amounts] of Object.entries({ quota, rate })) {
    if (amounts !== undefined && Object.keys(amounts).length === 0)
      problems.warning([...path, key], 'limits nothing: it names no amount');
  }
  const { up, down, total } = quota ?? {};
  if (total === undefined) return;
  for (const [key, amount] of Object.entries({ up, down })) {
    if (amount !== undefined && amount > total)
      problems.warning([...path, 'quota', key], `is never reached: "total" is ${total} and comes first`);
  }
  if (up !== undefined && down !== undefined && up + down < total)
    problems.warning([...path, 'quota', 'total'], `is never reached: "up" and "down" together are ${up + down}`);
}

function checkCounts({ maxConnections, maxSourceIPs }: LimitSettings, path: Path, problems: ProblemReporter): void {
  if (maxConnections === undefined || maxSourceIPs === undefined || maxSourceIPs < maxConnections) return;
  problems.warning(
    [...path, 'maxSourceIPs'],
    `is never passed: each address has a connection, and "maxConnections" is ${maxConnections}`,
  );
}

function checkExpiry({ expiresAt }: LimitSettings, path: Path, problems: ProblemReporter, now: number): void {
  if (expiresAt === undefined) return;
  const at = parseDateTime(expiresAt);
  if (at === undefined) {
    problems.error(
      [...path, 'expiresAt'],
      'not a date and time with an offset: write it like "2030-12-31T23:59:59Z" or "2030-12-31T23:59:59+02:00"',
    );
  } else if (at <= now) {
    problems.warning([...path, 'expiresAt'], 'has passed: the user is refused');
  }
}

function checkAddresses({ allow, deny }: LimitSettings, path: Path, problems: ProblemReporter): void {
  for (const [key, entries] of Object.entries({ allow, deny })) {
    if (entries?.length === 0) problems.warning([...path, key], 'an empty list is as good as none');
    checkCidrs(entries ?? [], [...path, key], problems);
  }
  const denied = new BlockCover(deny ?? []);
  if (denied.holds('0.0.0.0/0') && denied.holds('::/0')) {
    problems.warning([...path, 'deny'], 'has every address: the user is refused');
    return;
  }
  allow?.forEach((entry, index) => {
    if (denied.holds(entry))
      problems.warning([...path, 'allow', index], 'has no effect: "deny" has all of it, and "deny" wins');
  });
}
