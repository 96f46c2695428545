import {
  DataPlane,
  Link,
  listen,
  listenUdp,
  Relay,
  SystemResolver,
  toSluiceError,
  UdpConn,
  type ConnectOptions,
  type Destination,
  type Endpoint,
  type Inbound,
  type InboundContribution,
  type InboundPacket,
  type LevelPolicy,
  type PacketDispatcher,
  type RelayResult,
  type Session,
  type SluiceError,
} from '@sluice/plugin-api';
import { DirectDialer, emptyInjector, FixedPolicy, MemoryLogger, MemoryStats, StubSession } from './services.js';

/** How a hosted connection ended: a relay's result, or what the inbound threw. */
export interface HostedEnd {
  readonly session: StubSession;
  readonly result?: RelayResult;
  readonly error?: SluiceError;
}

export interface InboundHostOptions {
  /** What stands for routing and outbounds; dials straight to the destination if left out. */
  readonly connect?: (session: Session, to: Destination, options: ConnectOptions) => Promise<Link>;
  readonly policy?: Partial<LevelPolicy>;
  /** Default 127.0.0.1. */
  readonly listen?: string;
  /** The sessions' `inboundProtocol`; default "test". */
  readonly protocol?: string;
  /** The host whose inbound this one succeeds, as on a reload; both live on the same data plane and stats. */
  readonly previous?: InboundHost;
}

export interface InboundHost {
  readonly inbound: Inbound;
  readonly port: number;
  readonly plane: DataPlane;
  readonly logger: MemoryLogger;
  readonly stats: MemoryStats;
  /** What `packet` has thrown; the runtime drops such packets, and goes on. */
  readonly packetErrors: readonly SluiceError[];
  /** What `succeed` has returned: the e-mails of users whose connections must end. */
  readonly revoked: readonly string[];
  /** The next connection's end, in order of ending; earlier ends are kept until asked for. */
  nextEnd(): Promise<HostedEnd>;
  close(): Promise<void>;
}

/** As the runtime does: a client that was refused has this long to take what was said last, in ms. */
const LINGER_MS = 1000;

/**
 * Runs one inbound on a loopback port with the least that stands for a runtime.
 * @throws what the inbound's start throws; it has been closed then
 */
export async function hostInbound(
  contribution: InboundContribution,
  settings: object,
  options: InboundHostOptions = {},
): Promise<InboundHost> {
  const { previous } = options;
  const plane = previous?.plane ?? new DataPlane();
  const logger = new MemoryLogger();
  const stats = previous?.stats ?? new MemoryStats();
  const policy = new FixedPolicy(options.policy);
  const direct = new DirectDialer(plane);
  const connect = options.connect ?? ((session, to) => direct.dial(session, to));
  const ends: HostedEnd[] = [];
  const waiting: ((end: HostedEnd) => void)[] = [];
  const ended = (end: HostedEnd): void => {
    const next = waiting.shift();
    if (next !== undefined) next(end);
    else ends.push(end);
  };
  const relays = new Set<Relay>();
  const links = new Set<Link>();
  /** Whose link, or another one upon it, a relay has taken over. */
  const relayed = new WeakSet<Session>();
  const packets = new DirectPackets();
  const inbound = contribution.create({
    ...emptyInjector,
    tag: 'test-in',
    settings,
    logger,
    policy,
    stats,
    plane,
    packets,
    dispatcher: {
      connect: (session, to, how = {}) => {
        const own = session as StubSession;
        own.target = to;
        // As the runtime does: from here on it is the outbound's time.
        own.established();
        return connect(session, to, how);
      },
      openPackets: () => direct.openPackets(),
      packets: () => packets,
      serve: (link, as, handle) => {
        const session = new StubSession('tcp', as.source, as.local, { protocol: as.inboundProtocol });
        session.user = as.user;
        handle(link, session).catch(() => link.destroy());
      },
      originate: ({ inboundProtocol }) => new StubSession('tcp', undefined, undefined, { protocol: inboundProtocol }),
      relay: (session, client, upstream, meters) => {
        links.delete(client);
        relayed.add(session);
        const own = session as StubSession;
        const relay: Relay = new Relay(plane, client, upstream, {
          ...meters,
          timeouts: meters?.timeouts ?? policy.level(),
          onEnd: (result) => {
            relays.delete(relay);
            own.over();
            ended({ session: own, result });
          },
        });
        own.onEndAsked = (error) => relay.close('error', error);
        relays.add(relay);
        relay.start();
      },
    },
  });
  const revoked = previous === undefined ? [] : (inbound.succeed?.(previous.inbound) ?? []);
  try {
    await inbound.start?.();
  } catch (error) {
    await inbound.close?.();
    throw error;
  }
  const networks = contribution.networks(settings);
  let count = 0;
  const accept = (link: Link): void => {
    count += 1;
    const session = new StubSession('tcp', link.conn.remote, link.conn.local, {
      id: count,
      protocol: options.protocol ?? 'test',
    });
    session.onEndAsked = (error) => (session.top ?? link).destroy(error);
    const timer = plane.timers.after(policy.level().handshake, () => link.destroy());
    session.onEstablished = () => plane.timers.cancel(timer);
    links.add(link);
    const done = (error?: SluiceError): void => {
      plane.timers.cancel(timer);
      if (!links.delete(link) || relayed.has(session)) return;
      const top = session.top ?? link;
      if (!top.conn.destroyed) top.lingerThenClose(plane, LINGER_MS);
      session.over();
      ended(error === undefined ? { session } : { session, error });
    };
    inbound.accept?.(link, session).then(
      () => done(),
      (error: unknown) => done(toSluiceError(error)),
    );
  };
  const host = options.listen ?? '127.0.0.1';
  const tcp = await listen(plane, {
    host,
    port: 0,
    onConn: (conn) => accept(new Link(conn)),
    onAcceptError: (error) => logger.error(error.message),
  });
  const { port } = tcp.endpoint;
  const packetErrors: SluiceError[] = [];
  const udp = networks.includes('udp')
    ? await listenUdp(
        host,
        port,
        (payload, source) =>
          inbound.packet?.(payload, source, { address: host, port }, (back) => udp?.send(back, source)),
        (error) => {
          packetErrors.push(error);
          logger.error(error.message);
        },
      )
    : undefined;
  return {
    inbound,
    port,
    plane,
    logger,
    stats,
    packetErrors,
    revoked,
    nextEnd: () => {
      const end = ends.shift();
      return end !== undefined ? Promise.resolve(end) : new Promise((resolve) => waiting.push(resolve));
    },
    close: async () => {
      await Promise.all([tcp.close(), udp?.close()]);
      for (const link of links) link.destroy();
      for (const relay of relays) relay.close();
      packets.close();
      await inbound.close?.();
    },
  };
}

/** One UDP socket a source, straight to the destinations. */
class DirectPackets implements PacketDispatcher {
  readonly #flows = new Map<string, UdpConn>();

  send(packet: InboundPacket, reply: (payload: Buffer, from: Endpoint) => void): void {
    const key = `${packet.source.address}|${packet.source.port}`;
    let flow = this.#flows.get(key);
    if (flow === undefined) {
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
