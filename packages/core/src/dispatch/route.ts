import type { Destination } from '@sluice/plugin-api';
import type { RouteSubject } from '../routing/route-subject.js';
import type { FlowSession } from './flow-session.js';

/** What the router is asked about a session that wants to go there. */
export function routeSubject(session: FlowSession, to: Destination): RouteSubject {
  return {
    inboundTag: session.inboundTag,
    network: to.network,
    // By getter: most rules do not look at it, and to know it costs a system call.
    get source() {
      return session.source;
    },
    target: to,
    user: session.user,
    attributes: session.attributes,
  };
}
