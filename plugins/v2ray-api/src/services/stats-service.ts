import { SluiceError, type Control, type Stats } from '@sluice/plugin-api';
import { RE2JS } from 're2js';
import { StatsService } from '../protos/stats.js';
import { served, type ServedService } from '../server/served-service.js';
import type { GarbageCollections } from './garbage-collections.js';

const MAX_PATTERNS = 64;
const MAX_PATTERN_LENGTH = 1024;

/** Reads and resets counters, and tells how the process is. */
export function statsService(stats: Stats, control: Control, collections: GarbageCollections): ServedService {
  const read = (name: string, reset: boolean): bigint | undefined => {
    const value = reset ? stats.reset(name) : stats.find(name)?.value;
    return value === undefined ? undefined : BigInt(Math.trunc(value));
  };
  return served(StatsService, {
    GetStats: ({ name, reset }) => {
      const value = read(name, reset);
      if (value === undefined) throw new SluiceError('E_NOT_FOUND', `there is no counter "${name.slice(0, 256)}"`);
      return { stat: { name, value } };
    },
    QueryStats: ({ pattern, patterns, regexp, reset }) => {
      const matches = matcher(pattern === '' ? patterns : [pattern, ...patterns], regexp);
      const names = [...stats.query('').keys()].filter((name) => matches(name));
      return { stat: names.map((name) => ({ name, value: read(name, reset) ?? 0n })) };
    },
    GetSysStats: () => {
      const { rss, heapUsed, external } = process.memoryUsage();
      return {
        NumGoroutine: process.getActiveResourcesInfo().length,
        NumGC: collections.count,
        PauseTotalNs: BigInt(Math.round(collections.totalMs * 1e6)),
        Alloc: BigInt(heapUsed + external),
        Sys: BigInt(rss),
        Uptime: Math.max(0, Math.floor((Date.now() - control.startedAt) / 1000)),
      };
    },
  });
}

/** A name is wanted if one of the patterns is in it; without patterns all are. */
function matcher(patterns: readonly string[], isRegexp: boolean): (name: string) => boolean {
  if (patterns.length > MAX_PATTERNS || patterns.some((pattern) => pattern.length > MAX_PATTERN_LENGTH)) {
    throw new SluiceError('E_PROTOCOL', `at most ${MAX_PATTERNS} patterns of ${MAX_PATTERN_LENGTH} characters`);
  }
  if (patterns.length === 0) return () => true;
  if (!isRegexp) return (name) => patterns.some((pattern) => name.includes(pattern));
  const expressions = patterns.map((pattern) => {
    try {
      return RE2JS.compile(pattern);
    } catch (error) {
      throw new SluiceError('E_PROTOCOL', 'a pattern is no regular expression (RE2 syntax)', { cause: error });
    }
  });
  return (name) => expressions.some((expression) => expression.matcher(name).find());
}
