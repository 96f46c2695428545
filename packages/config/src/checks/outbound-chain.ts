import type { Problems } from '../diagnostics/problems.js';
import type { OutboundEntry } from '../entries/outbound.js';
import { member } from '../source/node.js';

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
      const circle = [...way.slice(way.indexOf(current)), current].map(({ tag }) => tag);
      const place = member(member(current.node, 'proxySettings'), 'tag')?.place ?? current.node.place;
      problems.error(
        'C_OUTBOUND_LOOP',
        place,
        `outbounds lead through one another in a circle: ${circle.join(' → ')}`,
        {
          found: JSON.stringify(current.via),
        },
      );
    }
    for (const entry of way) done.add(entry);
  }
}
