import type { Buffer } from 'node:buffer';
import {
  DataPlane,
  destination,
  Link,
  listen,
  Relay,
  toSluiceError,
  UdpConn,
  SystemResolver,
  type Destination,
  type Dispatcher,
  type Endpoint,
  type InboundPacket,
  type OwnIdentity,
  type OwnPackets,
  type ServedIdentity,
  type Session,
  type SluiceError,
} from '@sluice/plugin-api';
import { DirectDialer, MemoryLogger, StubSession } from '@sluice/testing';
import { Bridge } from './bridge.js';
import { Arrivals } from './mux/mux-pair.fixture.js';
import { Portal } from './portal.js';

export const DOMAIN = 'bridge.test.example';
const timeouts = { connIdle: 30_000, uplinkOnly: 5000, downlinkOnly: 5000 };

/** What stands for an instance's dispatcher: leads the domain to where the test says, all else straight on. */
export class StubDispatcher implements Dispatcher {
  readonly originated: OwnIdentity[] = [];
  readonly served: { readonly as: ServedIdentity; readonly session: StubSession; error?: SluiceError }[] = [];
  readonly asked: Destination[] = [];
  readonly sessions: StubSession[] = [];
  readonly packetSources: Endpoint[] = [];
  readonly relays = new Set<Relay>();
  readonly #dialer: DirectDialer;

  constructor(
    readonly plane: DataPlane,
    readonly toDomain: (session: Session, to: Destination) => Promise<Link>,
  ) {
    this.#dialer = new DirectDialer(plane);
  }

  connect(session: Session, to: Destination): Promise<Link> {
    this.asked.push(to);
    return to.host === DOMAIN ? this.toDomain(session, to) : this.#dialer.dial(session, to);
  }

  relay(_session: Session, client: Link, upstream: Link): void {
    const relay: Relay = new Relay(this.plane, client, upstream, { timeouts, onEnd: () => this.relays.delete(relay) });
    this.relays.add(relay);
    relay.start();
  }

  originate(as: OwnIdentity): StubSession {
    this.originated.push(as);
    const session = new StubSession();
    this.sessions.push(session);
    return session;
  }

  openPackets(): never {
    throw new TypeError('nobody asks for this here');
  }

  serve(link: Link, as: ServedIdentity, handle: (link: Link, session: Session) => Promise<void>): void {
    const session = new StubSession();
    const entry: (typeof this.served)[number] = { as, session };
    this.served.push(entry);
    handle(link, session).catch((error: unknown) => {
      entry.error = toSluiceError(error);
      if (!link.conn.destroyed) link.lingerThenClose(this.plane, 1000);
    });
  }

  packets(): OwnPackets {
    return new StubPackets(this.packetSources);
  }
}

class StubPackets implements OwnPackets {
  readonly #flows = new Map<string, UdpConn>();
  readonly #sources: Endpoint[];

  constructor(sources: Endpoint[]) {
    this.#sources = sources;
  }

  send(packet: InboundPacket, reply: (payload: Buffer, from: Endpoint) => void): void {
    const key = `${packet.source.address}|${packet.source.port}`;
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      this.#sources.push(packet.source);
      flow = new UdpConn({ resolver: new SystemResolver() });
      flow.attach({ onPacket: reply, onClose: () => this.#flows.delete(key) });
      this.#flows.set(key, flow);
    }
    flow.send(packet.payload, packet.to);
  }

  release(source: Endpoint): void {
    this.#flows.get(`${source.address}|${source.port}`)?.close();
  }

  close(): void {
    for (const flow of this.#flows.values()) flow.close();
  }
}

export class ReversePair {
  readonly plane = new DataPlane();
  readonly logger = new MemoryLogger();
  readonly portal: Portal;
  readonly bridge: Bridge;
  readonly dispatcher: StubDispatcher;
  /** What joins a bridge's link with the portal's, as the inbound in front of the portal does. */
  readonly lines: Relay[] = [];
  readonly #dialer = new DirectDialer(this.plane);
  /** Thrown instead of a connection to the portal. */
  away: Error | undefined;

  constructor() {
    const { plane, logger } = this;
    this.portal = new Portal({ plane, logger }, { tag: 'portal', domain: DOMAIN });
    this.dispatcher = new StubDispatcher(plane, (_session, to) => this.#throughSocket(to));
    this.bridge = new Bridge({ plane, logger, dispatcher: this.dispatcher }, { tag: 'bridge', domain: DOMAIN });
  }

  connect(to: Destination): Promise<Link> {
    return this.portal.connect(new StubSession(), to);
  }

  /** A real socket between the two. */
  async #throughSocket(to: Destination): Promise<Link> {
    if (this.away !== undefined) throw this.away;
    const accepted = new Arrivals<Link>();
    const listener = await listen(this.plane, {
      host: '127.0.0.1',
      port: 0,
      onConn: (conn) => accepted.add(new Link(conn)),
      onAcceptError: (error) => this.logger.error(error.message),
    });
    const { port } = listener.endpoint;
    const link = await this.#dialer.dial(new StubSession(), destination('tcp', '127.0.0.1', port));
    const outer = await accepted.next();
    await listener.close();
    const upstream = await this.connect(to);
    const line: Relay = new Relay(this.plane, outer, upstream, { timeouts, onEnd: () => undefined });
    this.lines.push(line);
    line.start();
    return link;
  }

  close(): void {
    this.bridge.close();
    this.portal.close();
    for (const relay of this.dispatcher.relays) relay.close();
  }
}
