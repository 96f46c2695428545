import {
  Relay,
  SluiceError,
  toSluiceError,
  type ConnectOptions,
  type Destination,
  type Dispatcher,
  type Link,
  type OwnSession,
  type RelayMeters,
  type Session,
} from '@sluice/plugin-api';
import type { Outcome } from '../log/access-log.js';
import type { OutboundHandler } from '../outbound/outbound-handler.js';
import { ConnSession } from './conn-session.js';
import type { DispatchServices } from './dispatch-services.js';
import { bothCounters } from '../stats/counter-pair.js';
import { PluginSession } from './plugin-session.js';
import { SessionSubject } from './route.js';

/** Takes connections from inbounds: routes them, connects them, joins both ends. */
export class TcpDispatcher implements Dispatcher {
  readonly #services: DispatchServices;

  constructor(services: DispatchServices) {
    this.#services = services;
  }

  async connect(session: Session, to: Destination, options?: ConnectOptions): Promise<Link> {
    const own = connectable(session);
    own.established();
    own.connecting();
    own.target = to;
    try {
      if (to.type === 'unix' && options?.byConfiguration !== true)
        throw new SluiceError('E_ADDRESS_INVALID', 'a client may not ask for a Unix socket');
      return await this.#connect(own, to);
    } catch (error) {
      const reason = toSluiceError(error);
      // What an outbound dialled and did not close itself goes with its failure.
      own.abandon(reason);
      if (own instanceof ConnSession && own.isFork)
        this.#end(own, { uplink: 0, downlink: 0, end: 'rejected', error: reason });
      throw reason;
    } finally {
      own.established();
    }
  }

  originate(as: { readonly inboundTag: string; readonly inboundProtocol: string }): OwnSession {
    const { sessions, plane } = this.#services;
    return sessions.originate({ tag: as.inboundTag, protocol: as.inboundProtocol }, plane.timers);
  }

  relay(session: Session, client: Link, upstream: Link, meters: RelayMeters = NONE): void {
    const own = clientSession(session);
    const { plane, policy, traffic } = this.#services;
    if (own.ended) {
      upstream.destroy();
      client.destroy();
      return;
    }
    own.connected();
    const level = policy.level(own.user?.level ?? 0);
    const counters = traffic.user(own.user, level);
    const relay = new Relay(plane, client, upstream, {
      timeouts: meters.timeouts ?? level,
      uplink: bothCounters(counters.uplink, meters.uplink),
      downlink: bothCounters(counters.downlink, meters.downlink),
      uplinkRate: meters.uplinkRate,
      downlinkRate: meters.downlinkRate,
      onEnd: (result) => this.#end(own, result),
    });
    own.relay = relay;
    relay.start();
  }

  async #connect(session: Connectable, to: Destination): Promise<Link> {
    session.expectUpstream(this.#services.policy.level(session.user?.level ?? 0).handshake);
    const handler = await this.#route(session, to);
    session.outboundTag = handler.tag;
    const link = await handler.connect(session, to);
    if (!session.ended) return link;
    link.destroy();
    throw new SluiceError('E_CLOSING', 'the client was gone before the upstream was connected');
  }

  #end(session: ConnSession, outcome: Outcome): void {
    if (this.#services.sessions.remove(session)) this.#services.accessLog.record(session, outcome);
  }

  async #route(session: Connectable, to: Destination): Promise<OutboundHandler> {
    const picked = this.#services.router.pick(new SessionSubject(session, to));
    // Only a rule that needs addresses makes this a promise.
    const decision = picked instanceof Promise ? await picked : picked;
    session.ruleIndex = decision.ruleIndex;
    return this.#services.outbounds.get(decision.outboundTag);
  }
}

/** What the dispatcher connects: a client's connection, or one of a plugin's own. */
type Connectable = ConnSession | PluginSession;

const NONE: RelayMeters = {};

function connectable(session: Session): Connectable {
  return session instanceof PluginSession ? session : clientSession(session);
}

function clientSession(session: Session): ConnSession {
  if (session instanceof ConnSession) return session;
  throw new SluiceError('E_INTERNAL', 'a plugin handed the dispatcher a session that it was not given');
}
