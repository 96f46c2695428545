import { isIP } from 'node:net';
import { bytesToIp, ipToBytes, type AssetFiles, type ProblemReporter } from '@sluice/plugin-api';
import type { DomainSet } from '../routing/index/domain-index.js';
import { parseDomains } from '../routing/matchers/domain.js';
import { canonicalName } from './canonical-name.js';

/** What `hosts` says of a name: its addresses, or another name that stands for it. */
export type HostEntry = { readonly addresses: readonly string[] } | { readonly alias: string };

/** How often a name may stand for another. */
const MAX_ALIASES = 5;

/** The configuration's `hosts`: exact names first, then patterns in their order. */
export class Hosts {
  readonly #exact = new Map<string, HostEntry>();
  readonly #patterns: { readonly domains: DomainSet; readonly entry: HostEntry }[] = [];

  /** @param entries by V2Ray's patterns: a bare name is the whole one */
  constructor(
    entries: Readonly<Record<string, string | readonly string[]>>,
    problems: ProblemReporter,
    assets: AssetFiles,
  ) {
    for (const [pattern, value] of Object.entries(entries)) {
      const entry = readEntry(pattern, value, problems);
      if (entry === undefined) continue;
      const path = ['hosts', pattern];
      const exact = /^(?:full:)?([^:]+)$/i.exec(pattern.trim())?.[1];
      if (exact === undefined) {
        this.#patterns.push({ domains: parseDomains([{ text: pattern, path }], problems, assets), entry });
        continue;
      }
      const name = canonicalName(exact);
      if (name === undefined) problems.error(path, 'is no domain name');
      else this.#exact.set(name, entry);
    }
  }

  /** Follows names that stand for others. @returns undefined if nothing is said of the name */
  find(name: string): HostEntry | undefined {
    let last: HostEntry | undefined;
    let current = name;
    for (let i = 0; i <= MAX_ALIASES; i += 1) {
      const entry = this.#entryOf(current);
      if (entry === undefined) return last;
      if ('addresses' in entry) return entry;
      last = entry;
      current = entry.alias;
    }
    return last;
  }

  #entryOf(name: string): HostEntry | undefined {
    return this.#exact.get(name) ?? this.#patterns.find(({ domains }) => domains.has(name))?.entry;
  }
}

function readEntry(
  pattern: string,
  value: string | readonly string[],
  problems: ProblemReporter,
): HostEntry | undefined {
  const values = typeof value === 'string' ? [value] : value;
  const addresses = values.filter((each) => isIP(each) !== 0);
  if (addresses.length === values.length && addresses.length > 0)
    return { addresses: addresses.map((each) => bytesToIp(ipToBytes(each))) };
  const [only = ''] = values;
  const alias = values.length === 1 ? canonicalName(only.trim()) : undefined;
  if (alias !== undefined) return { alias };
  problems.error(['hosts', pattern], 'must be an IP, a list of IPs, or one domain name');
  return undefined;
}
