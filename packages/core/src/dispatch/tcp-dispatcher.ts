import {
  Relay,
  SluiceError,
  toSluiceError,
  type DataPlane,
  type Destination,
  type Dispatcher,
  type Link,
  type Policy,
  type Session,
} from '@sluice/plugin-api';
import type { AccessLog } from '../log/access-log.js';
import type { OutboundHandler } from '../outbound/outbound-handler.js';
import type { OutboundTable } from '../outbound/outbound-table.js';
import type { Router } from '../routing/router.js';
import type { TrafficCounters } from '../stats/traffic-counters.js';
import { ConnSession } from './conn-session.js';
import { routeQuery } from './route.js';
import type { SessionTable } from './session-table.js';

export interface DispatchServices {
  readonly router: Router;
  readonly outbounds: OutboundTable;
  readonly policy: Policy;
  readonly plane: DataPlane;
  readonly sessions: SessionTable;
  readonly traffic: TrafficCounters;
  readonly accessLog: AccessLog;
}

/** Takes connections from inbounds: routes them, connects them, joins both ends. */
export class TcpDispatcher implements Dispatcher {
  readonly #services: DispatchServices;

  constructor(services: DispatchServices) {
    this.#services = services;
  }

  async connect(session: Session, to: Destination): Promise<Link> {
    const own = ownSession(session);
    own.established();
    own.target = to;
    const handler = await this.#route(own, to);
    own.outboundTag = handler.tag;
    own.expectUpstream(this.#services.policy.level(own.user?.level ?? 0).handshake);
    let link: Link;
    try {
      link = await handler.connect(own, to);
    } catch (error) {
      // What an outbound dialled and did not close itself goes with its failure.
      const reason = toSluiceError(error);
      own.abandon(reason);
      throw reason;
    } finally {
      own.established();
    }
    if (own.ended) {
      link.destroy();
      throw new SluiceError('E_CLOSING', 'the client was gone before the upstream was connected');
    }
    return link;
  }

  relay(session: Session, client: Link, upstream: Link): void {
    const own = ownSession(session);
    const { plane, policy, traffic, sessions, accessLog } = this.#services;
    if (own.ended) {
      upstream.destroy();
      client.destroy();
      return;
    }
    own.connected();
    const level = policy.level(own.user?.level ?? 0);
    const counters = traffic.user(own.user, level);
    const relay = new Relay(plane, client, upstream, {
      timeouts: level,
      uplink: counters.uplink,
      downlink: counters.downlink,
      onEnd: (result) => {
        if (sessions.remove(own)) accessLog.record(own, result);
      },
    });
    own.relay = relay;
    relay.start();
  }

  async #route(session: ConnSession, to: Destination): Promise<OutboundHandler> {
    const picked = this.#services.router.pick(routeQuery(session, to));
    // Only a rule that needs addresses makes this a promise.
    const decision = picked instanceof Promise ? await picked : picked;
    session.ruleIndex = decision.ruleIndex;
    return this.#services.outbounds.get(decision.outboundTag);
  }
}

function ownSession(session: Session): ConnSession {
  if (session instanceof ConnSession) return session;
  throw new SluiceError('E_INTERNAL', 'a plugin handed the dispatcher a session that it was not given');
}
