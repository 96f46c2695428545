import { isIP } from 'node:net';
import {
  bytesToIp,
  ipToBytes,
  parseCidr,
  SluiceError,
  type AssetFiles,
  type Cidr,
  type ProblemReporter,
} from '@sluice/plugin-api';
import { readBlocks } from '../geo/geo-blocks.js';
import { parseGeoValue, readCategory, type GeoValue } from '../geo/geo-value.js';
import { comparison } from './comparison.js';
import { IpSelection } from './ip-selection.js';
import { IpSet } from './ip-set.js';
import { defineMatcher } from './matcher.js';
import { listItems, stringListSchema, type ListItem, type StringList } from './string-list.js';

const EXAMPLES = [['10.0.0.0/8', '192.0.2.1', 'fc00::/7', 'geoip:private']];
const GEO_PREFIXES = { own: 'geoip', external: ['ext', 'ext-ip'] };
const VALUES =
  'addresses, CIDR blocks, "geoip:cn" (a category of geoip.dat), "geoip:!cn" (what is not in it) and "ext:FILE:CATEGORY" (of another file)';

export const ipMatcher = defineMatcher<{ ip?: StringList }>({
  fields: {
    ip: stringListSchema(
      `The target's IP: ${VALUES}. A target that is a domain has IPs only where \`domainStrategy\` has it resolved. Default: any.`,
      EXAMPLES,
    ),
  },
  parse(rule, problems, assets) {
    const items = listItems('ip', rule.ip, problems);
    if (items.length === 0) return undefined;
    const { selection, sets } = parseSets(items, problems, assets);
    const wanted = items.map(({ text }) => text);
    return {
      field: 'ip',
      needsIp: true,
      key: sets && { kind: 'ip', sets },
      holds({ ips }) {
        for (const ip of ips) if (selection.has(ip)) return true;
        return false;
      },
      describe: ({ ips }) => comparison(ips.map((ip) => bytesToIp(ip)).join(' '), wanted),
    };
  },
});

export const sourceMatcher = defineMatcher<{ source?: StringList }>({
  fields: { source: stringListSchema(`The client's IP: ${VALUES}. Default: any.`, EXAMPLES) },
  parse(rule, problems, assets) {
    const items = listItems('source', rule.source, problems);
    if (items.length === 0) return undefined;
    const { selection, sets } = parseSets(items, problems, assets);
    const wanted = items.map(({ text }) => text);
    return {
      field: 'source',
      key: sets && { kind: 'source', sets },
      // A client on a Unix socket has a path for its address.
      holds: ({ source }) => isIP(source.address) !== 0 && selection.has(ipToBytes(source.address)),
      describe: ({ source }) => comparison(source.address, wanted),
    };
  },
});

/** The set of addresses that any of a list's values means, as in a rule's `ip`. */
export function parseAddresses(items: readonly ListItem[], problems: ProblemReporter, assets: AssetFiles): IpSelection {
  return parseSets(items, problems, assets).selection;
}

/** Blocks as they are looked up by themselves, and for all rules together. */
interface BlockSet {
  readonly blocks: readonly Cidr[];
  readonly set: IpSet;
}

/** Categories that were read already, by file and name: rules that name one alike have the same set. */
const known = new WeakMap<Uint8Array, Map<string, BlockSet>>();

function parseSets(
  items: readonly ListItem[],
  problems: ProblemReporter,
  assets: AssetFiles,
): { selection: IpSelection; sets: readonly (readonly Cidr[])[] | undefined } {
  const own: Cidr[] = [];
  const included: BlockSet[] = [];
  const excluded: IpSet[] = [];
  for (const { text, path } of items) {
    const value = text.trim();
    const geo = parseGeoValue(value, GEO_PREFIXES);
    if (geo !== undefined) {
      try {
        if (typeof geo === 'string') throw new SluiceError('E_CONFIG_INVALID', geo);
        const isInverse = geo.category.startsWith('!');
        const found = readBlockSet({ ...geo, category: geo.category.slice(isInverse ? 1 : 0) }, assets);
        if (isInverse) excluded.push(found.set);
        else included.push(found);
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        problems.error(path, `"${value.slice(0, 64)}": ${error.message}`);
      }
      continue;
    }
    const block = parseBlock(value);
    if (typeof block === 'string') problems.error(path, block);
    else own.push(block);
  }
  if (own.length > 0) included.push({ blocks: own, set: new IpSet(own) });
  const selection = new IpSelection(
    included.map(({ set }) => set),
    excluded,
  );
  // What is outside of a set is no set of blocks, and cannot be looked up as one.
  return { selection, sets: excluded.length === 0 ? included.map(({ blocks }) => blocks) : undefined };
}

/** @throws SluiceError E_CONFIG_INVALID */
function readBlockSet(geo: GeoValue, assets: AssetFiles): BlockSet {
  return readCategory(geo, assets, (bytes, members) => {
    let ofFile = known.get(bytes);
    if (ofFile === undefined) known.set(bytes, (ofFile = new Map<string, BlockSet>()));
    const name = geo.category.toLowerCase();
    let found = ofFile.get(name);
    if (found === undefined) {
      const blocks = readBlocks(bytes, members);
      ofFile.set(name, (found = { blocks, set: new IpSet(blocks) }));
    }
    return found;
  });
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
