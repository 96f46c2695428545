import { nearest } from '../diagnostics/suggestion.js';
import type { SniffingConfig } from '../model.js';
import { isTrue, member, type ConfigNode, type ObjectNode, type Place } from '../source/node.js';
import type { EntryContext } from './context.js';

/** V2Ray's other names for what a sniffer finds. */
export const OTHER_NAMES: Readonly<Record<string, string>> = { https: 'tls', ssl: 'tls' };
/** Names that are no sniffer's: what a made-up address stands for. */
export const BY_ADDRESS = ['fakedns', 'fakedns+others'];

/** An inbound's `sniffing`, or the older `domainOverride`; undefined where it is off. */
export function readSniffing(inbound: ObjectNode, context: EntryContext): SniffingConfig | undefined {
  const { problems } = context;
  const node = member(inbound, 'sniffing');
  const older = inbound.members.find(({ key }) => key === 'domainOverride');
  if (older !== undefined)
    problems.warning('C_DEPRECATED', older.keyPlace, '"domainOverride" is an older form of "sniffing.destOverride"');
  const listed = node === undefined ? older?.value : member(node, 'destOverride');
  const destOverride = [...new Set(names(listed).flatMap((each) => readName(each, context)))];
  if (node === undefined ? older === undefined : !isTrue(node, 'enabled')) return undefined;
  return {
    destOverride,
    domainsExcluded: names(member(node, 'domainsExcluded')).map(({ name }) => name.toLowerCase()),
    metadataOnly: isTrue(node, 'metadataOnly'),
    routeOnly: isTrue(node, 'routeOnly'),
  };
}

function readName({ name, place }: { name: string; place: Place }, context: EntryContext): string[] {
  const lower = name.toLowerCase();
  const found = OTHER_NAMES[lower] ?? lower;
  const { sniffers } = context.contributions;
  if (sniffers.has(found) || BY_ADDRESS.includes(found)) return [sniffers.get(found)?.name ?? found];
  const known = [...sniffers.values()].map((sniffer) => sniffer.name).concat(BY_ADDRESS);
  const suggestion = nearest(name, known);
  context.problems.error('C_VALUE', place, 'no sniffer has this name', {
    found: JSON.stringify(name.slice(0, 40)),
    expected: known.join(', '),
    suggestion: suggestion === undefined ? undefined : JSON.stringify(suggestion),
  });
  return [];
}

function names(node: ConfigNode | undefined): { name: string; place: Place }[] {
  const parts = node?.kind === 'array' ? node.items : node === undefined ? [] : [node];
  return parts.flatMap((part) => {
    if (part.kind !== 'scalar' || typeof part.value !== 'string') return [];
    const listed = node?.kind === 'array' ? [part.value] : part.value.split(',');
    return listed.map((name) => ({ name: name.trim(), place: part.place }));
  });
}
