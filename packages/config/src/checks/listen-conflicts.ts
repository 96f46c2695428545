import type { Problems } from '../diagnostics/problems.js';
import { isUnix, listenPlace, type InboundEntry } from '../entries/inbound.js';
import { member, type ObjectNode, type Place } from '../source/node.js';
import { where } from './tags.js';

/** Two inbounds cannot listen in one place: the second one's start would fail. */
export function checkListenConflicts(inbounds: readonly InboundEntry[], problems: Problems): void {
  for (const [index, inbound] of inbounds.entries()) {
    const earlier = inbounds.slice(0, index).find((other) => conflict(inbound, other));
    if (earlier === undefined) continue;
    problems.error(
      'C_LISTEN_CONFLICT',
      portPlace(inbound.node),
      `another inbound listens here: ${where(earlier.node)}`,
      {
        found: describe(inbound),
        related: [{ place: portPlace(earlier.node), message: 'the other inbound listens here' }],
      },
    );
  }
}

function portPlace(node: ObjectNode): Place {
  return member(node, 'port')?.place ?? listenPlace(node);
}

function conflict(a: InboundEntry, b: InboundEntry): boolean {
  if (a.listen === undefined || b.listen === undefined) return false;
  if (!a.networks.some((network) => b.networks.includes(network))) return false;
  if (isUnix(a.listen) || isUnix(b.listen)) return a.listen === b.listen;
  const portsMeet = a.ports.some((x) => b.ports.some((y) => x.from <= y.to && y.from <= x.to));
  return portsMeet && addressesMeet(canonical(a.listen), canonical(b.listen));
}

/** "0.0.0.0" and "::" take every address of both kinds. */
function addressesMeet(a: string, b: string): boolean {
  return a === b || isEverything(a) || isEverything(b);
}

function isEverything(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** One spelling for each IP. */
function canonical(ip: string): string {
  return ip.includes(':') ? new URL(`http://[${ip.split('%')[0] as string}]`).hostname.slice(1, -1) : ip;
}

function describe({ listen, ports, networks }: InboundEntry): string {
  const [range] = ports;
  if (range === undefined) return String(listen);
  const port = range.from === range.to ? String(range.from) : `${range.from}-${range.to}`;
  return `${listen} ${networks.join('+')} ${port}`;
}
