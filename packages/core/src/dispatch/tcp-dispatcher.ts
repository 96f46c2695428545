import {
  Relay,
  SluiceError,
  toSluiceError,
  type ConnectOptions,
  type Destination,
  type Dispatcher,
  type Link,
  type OwnIdentity,
  type OwnPackets,
  type OwnSession,
  type PacketConn,
  type RelayMeters,
  type ServedIdentity,
  type Session,
} from '@sluice/plugin-api';
import type { Outcome } from '../log/access-log.js';
import type { OutboundHandler } from '../outbound/outbound-handler.js';
import { sniffStream } from '../sniffing/stream-sniff.js';
import type { SniffedTarget } from '../sniffing/sniffing.js';
import { bothCounters } from '../stats/counter-pair.js';
import { ConnSession } from './conn-session.js';
import type { DispatchServices } from './dispatch-services.js';
import { PacketFlows } from './packet-flows.js';
import { PluginSession } from './plugin-session.js';
import { SessionRunner } from './session-runner.js';

/** Takes connections from inbounds: routes them, connects them, joins both ends. */
export class TcpDispatcher implements Dispatcher {
  readonly #services: DispatchServices;

  constructor(services: DispatchServices) {
    this.#services = services;
  }

  async connect(session: Session, to: Destination, options: ConnectOptions = {}): Promise<Link> {
    const own = connectable(session);
    own.established();
    own.connecting();
    own.target = to;
    try {
      if (to.type === 'unix' && options.byConfiguration !== true)
        throw new SluiceError('E_ADDRESS_INVALID', 'a client may not ask for a Unix socket');
      if (own instanceof PluginSession) return await own.dialling(() => this.#connect(own, to, to));
      const found = own.inbound.sniffing === undefined ? undefined : await this.#sniff(own, to, options);
      return await this.#connect(own, found?.to ?? to, found?.routed ?? to);
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

  originate(as: OwnIdentity): OwnSession {
    const { sessions, plane } = this.#services;
    return sessions.originate(as, plane.timers);
  }

  async openPackets(session: OwnSession, to: Destination): Promise<PacketConn> {
    const own = connectable(session);
    own.target = to;
    const handler = await this.#services.routes.choose(own, to, to);
    own.carriedBy(handler);
    const conn = await handler.openPackets(own, to);
    if (!own.ended) return conn;
    conn.close();
    throw new SluiceError('E_CLOSING', 'the session was over before its way for packets was open');
  }

  serve(link: Link, as: ServedIdentity, handle: (link: Link, session: Session) => Promise<void>): void {
    const { sessions, plane, policy, logger } = this.#services;
    const session = sessions.open({ tag: as.inboundTag, protocol: as.inboundProtocol }, link, plane.timers);
    if (as.source !== undefined) session.comesFrom(as.source, as.local);
    session.user = as.user;
    session.expectHandshake(policy.level(as.user?.level ?? 0).handshake);
    new SessionRunner(this.#services, logger(as.inboundTag)).run(link, session, { accept: handle });
  }

  packets(as: { readonly inboundTag: string; readonly inboundProtocol: string }): OwnPackets {
    return new PacketFlows(this.#services, { tag: as.inboundTag, protocol: as.inboundProtocol });
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

  /** What the client says first, or its target alone, may name another target. */
  async #sniff(session: ConnSession, to: Destination, options: ConnectOptions): Promise<SniffedTarget | undefined> {
    const { sniffing } = session.inbound;
    if (sniffing === undefined || to.type === 'unix') return undefined;
    let sniffed = sniffing.byMetadata(to);
    if (sniffed === undefined && !sniffing.metadataOnly) {
      if (options.payload !== undefined) {
        const verdict = sniffing.look([options.payload], 'tcp');
        if (typeof verdict === 'object') sniffed = verdict;
      } else if (options.client !== undefined) {
        options.goAhead?.();
        sniffed = await sniffStream(sniffing, options.client, to, this.#services.plane);
        if (session.ended) throw new SluiceError('E_CLOSING', 'the client was gone before its connection was routed');
      }
    }
    const found = sniffing.apply(to, sniffed);
    session.sniffed = found.sniffed;
    session.target = found.to;
    return found;
  }

  async #connect(session: Connectable, to: Destination, routed: Destination): Promise<Link> {
    const { policy, routes, dials } = this.#services;
    session.expectUpstream(policy.level(session.user?.level ?? 0).handshake);
    // Only a rule that needs addresses makes this a promise.
    const chosen = routes.choose(session, routed, to);
    const handler = chosen instanceof Promise ? await chosen : chosen;
    session.carriedBy(handler);
    const link = dials.isHeard ? await this.#timed(handler, session, to) : await handler.connect(session, to);
    if (!session.ended) return link;
    link.destroy();
    throw new SluiceError('E_CLOSING', 'the client was gone before the upstream was connected');
  }

  async #timed(handler: OutboundHandler, session: Connectable, to: Destination): Promise<Link> {
    const { dials } = this.#services;
    const start = performance.now();
    const said = (error: SluiceError | undefined): void =>
      dials.emit({ outboundTag: handler.tag, ms: performance.now() - start, error });
    try {
      const link = await handler.connect(session, to);
      said(undefined);
      return link;
    } catch (error) {
      said(toSluiceError(error));
      throw error;
    }
  }

  #end(session: ConnSession, outcome: Outcome): void {
    if (this.#services.sessions.remove(session, outcome.error)) this.#services.accessLog.record(session, outcome);
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
