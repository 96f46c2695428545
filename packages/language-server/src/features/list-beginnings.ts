import type { Path } from '../document/text-tree.js';

/** How entries of a list may begin, with what that means. */
export type Beginnings = Readonly<Record<string, string>>;

const domains: Beginnings = {
  'domain:': 'This domain and all below it.',
  'full:': 'This name and no other.',
  'keyword:': 'Every name that has this text in it.',
  'regexp:': 'Every name that this expression (RE2) finds something in.',
  'geosite:': 'A list of domains in geosite.dat: `geosite:cn`.',
  'ext:': 'A list in another file of this kind: `ext:file.dat:list`. It is looked for where geosite.dat is.',
};
const addresses: Beginnings = {
  'geoip:': 'A list of addresses in geoip.dat: `geoip:private`.',
  'ext:': 'A list in another file of this kind: `ext:file.dat:list`. It is looked for where geoip.dat is.',
};

const byKey: Readonly<Record<string, Beginnings>> = {
  domain: domains,
  domains,
  ip: addresses,
  source: addresses,
};

/** What an entry may begin with, of the lists of domains and addresses in rules. */
export function beginningsAt(path: Path): Beginnings {
  const [first, , , key] = path;
  if (first !== 'routing' || path.length !== 5 || typeof key !== 'string') return {};
  return byKey[key] ?? {};
}
