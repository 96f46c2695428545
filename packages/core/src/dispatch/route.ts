import type { Destination, Endpoint, Network, User } from '@sluice/plugin-api';
import type { RouteSubject } from '../routing/route-subject.js';
import type { FlowSession } from './flow-session.js';

/** What the router is asked about a session that wants to go there. */
export class SessionSubject implements RouteSubject {
  readonly #session: FlowSession;
  readonly target: Destination;
  readonly address: string | undefined;

  /** @param target what rules look at @param to where the connection is made to */
  constructor(session: FlowSession, target: Destination, to: Destination) {
    this.#session = session;
    this.target = target;
    this.address = target !== to && target.type === 'domain' && to.type !== 'domain' ? to.host : undefined;
  }

  get inboundTag(): string {
    return this.#session.inboundTag;
  }

  get network(): Network {
    return this.target.network;
  }

  /** To know it may cost a system call, and most rules do not look at it. */
  get source(): Endpoint {
    return this.#session.source;
  }

  get user(): User | undefined {
    return this.#session.user;
  }

  get attributes(): Readonly<Record<string, string>> | undefined {
    return this.#session.attributes;
  }

  /** A request to an HTTP proxy is known to be one of HTTP without a look, as in V2Ray. */
  get protocol(): string | undefined {
    const { sniffed, attributes } = this.#session;
    return sniffed?.protocol ?? (attributes === undefined ? undefined : 'http/1.1');
  }
}
