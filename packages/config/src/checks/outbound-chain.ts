import type { Problems } from '../diagnostics/problems.js';
import type { OutboundEntry } from '../entries/outbound.js';
import { member, type Place } from '../source/node.js';

/** Outbounds that lead through one another in a circle would never reach the network. */
export function checkOutboundChain(outbounds: readonly OutboundEntry[], problems: Problems): void {
  const byTag = new Map(outbounds.filter(({ tag }) => tag !== '').map((entry) => [entry.tag, entry]));
  const done = new Set<OutboundEntry>();
  for (const start of outbounds) {
    const way: OutboundEntry[] = [];
    let current: OutboundEntry | undefined = start;
    while (current !== undefined && !done.has(current) && !way.includes(current)) {
      way.push(current);
      current = current.via === undefined ? undefined : byTag.get(current.via);
    }
    if (current !== undefined && way.includes(current)) {
      const circle = way.slice(way.indexOf(current));
      const tags = [...circle, current].map(({ tag }) => tag);
      problems.error(
        'C_OUTBOUND_LOOP',
        viaPlace(current),
        `outbounds lead through one another in a circle: ${tags.join(' → ')}`,
        {
          found: JSON.stringify(current.via),
          related: circle.slice(1).map((entry) => ({
            place: viaPlace(entry),
            message: `${JSON.stringify(entry.tag)} leads on to ${JSON.stringify(entry.via)}`,
          })),
        },
      );
    }
    for (const entry of way) done.add(entry);
  }
}

function viaPlace({ node }: OutboundEntry): Place {
  return member(member(node, 'proxySettings'), 'tag')?.place ?? node.place;
}
