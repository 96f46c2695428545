import { ipToBytes, type Destination, type RouteQuery } from '@sluice/plugin-api';
import type { FlowSession } from './flow-session.js';

const NO_IPS: readonly Uint8Array[] = [];

/** What the router is asked about a session that wants to go there. */
export function routeQuery(session: FlowSession, to: Destination): RouteQuery {
  return {
    inboundTag: session.inboundTag,
    network: to.network,
    source: session.source,
    target: to,
    user: session.user,
    attributes: session.attributes,
    ips: to.type === 'ipv4' || to.type === 'ipv6' ? [ipToBytes(to.host)] : NO_IPS,
  };
}
