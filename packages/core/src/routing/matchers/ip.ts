import { isIP } from 'node:net';
import { ipToBytes, parseCidr, SluiceError, type Cidr, type ProblemReporter } from '@sluice/plugin-api';
import { IpSet } from './ip-set.js';
import { defineMatcher } from './matcher.js';
import { listItems, stringListSchema, type ListItem, type StringList } from './string-list.js';
import { unavailablePrefix } from './unavailable.js';

const EXAMPLES = [['10.0.0.0/8', '192.0.2.1', 'fc00::/7']];

export const ipMatcher = defineMatcher<{ ip?: StringList }>({
  fields: {
    ip: stringListSchema(
      "The target's IP: addresses and CIDR blocks. A target that is a domain has IPs only where `domainStrategy` has it resolved. Default: any.",
      EXAMPLES,
    ),
  },
  needsIp: true,
  parse(rule, problems) {
    const set = parseBlocks(listItems('ip', rule.ip, problems), problems);
    if (set === undefined) return undefined;
    return ({ ips }) => {
      for (const ip of ips) if (set.has(ip)) return true;
      return false;
    };
  },
});

export const sourceMatcher = defineMatcher<{ source?: StringList }>({
  fields: { source: stringListSchema("The client's IP: addresses and CIDR blocks. Default: any.", EXAMPLES) },
  parse(rule, problems) {
    const set = parseBlocks(listItems('source', rule.source, problems), problems);
    if (set === undefined) return undefined;
    // A client on a Unix socket has a path for its address.
    return ({ source }) => isIP(source.address) !== 0 && set.has(ipToBytes(source.address));
  },
});

function parseBlocks(items: readonly ListItem[], problems: ProblemReporter): IpSet | undefined {
  if (items.length === 0) return undefined;
  const blocks: Cidr[] = [];
  for (const { text, path } of items) {
    const value = text.trim();
    const unavailable = unavailablePrefix(value, ['geoip', 'ext', 'ext-ip']);
    if (unavailable !== undefined) {
      problems.error(path, unavailable);
      continue;
    }
    const block = parseBlock(value);
    if (typeof block === 'string') problems.error(path, block);
    else blocks.push(block);
  }
  return new IpSet(blocks);
}

/** A block, or what is wrong with it. */
function parseBlock(text: string): Cidr | string {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  // Stricter than the CIDR parser, which reads "10.1" and "0x0a000001" too.
  if (isIP(address) === 0 || address.includes('%')) {
    return `"${text.slice(0, 64)}" is neither an IP address nor a CIDR block such as "10.0.0.0/8"`;
  }
  try {
    return parseCidr(mappedBlock(address, text.slice(address.length)));
  } catch (error) {
    if (error instanceof SluiceError) return error.message;
    throw error;
  }
}

/** "::ffff:10.0.0.0/104" as "10.0.0.0/8": a mapped block counts its prefix from the 96 bits before it. */
function mappedBlock(address: string, prefix: string): string {
  const isMapped = address.includes(':') && ipToBytes(address).length === 4;
  const bits = Number(prefix.slice(1));
  return isMapped && /^\/\d{1,3}$/.test(prefix) && bits >= 96 ? `${address}/${bits - 96}` : address + prefix;
}
