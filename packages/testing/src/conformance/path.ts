import {
  DataPlane,
  destination,
  type Destination,
  type Endpoint,
  type Injector,
  type LevelPolicy,
  type Link,
  type OutboundContribution,
} from '@sluice/plugin-api';
import { hostInbound, type HostedEnd, type InboundHost, type InboundHostOptions } from '../harness/inbound-host.js';
import { hostOutbound, type OutboundHost } from '../harness/outbound-host.js';
import type { StubSession } from '../harness/services.js';
import { door } from './door.js';
import { Origin } from './origin.js';
import { OwnDialer } from './own-dialer.js';
import { Peer } from './peer.js';
import { PlaneWatch } from './plane-watch.js';
import type { Beyond, Hop, LastOutbound } from './subject.js';
import { Tap } from './tap.js';
import { failure, until } from './within.js';

export interface PathOptions {
  /** Times shorter than {@link PATIENT}. */
  readonly policy?: Partial<LevelPolicy>;
  /** What the target listens on. Default 127.0.0.1. */
  readonly host?: '127.0.0.1' | '::1';
  /** The outbounds are led straight to their inbounds: packets pass no tap. */
  readonly isUntapped?: boolean;
  /** What the client calls the target's host. Default: the address itself. */
  readonly name?: string;
}

const NOTHING = Buffer.alloc(0);

type Connect = (session: StubSession, to: Destination) => Promise<Link>;

/** Longer than any step, in ms: what should end by itself must not be ended by the clock. */
const PATIENT = { handshake: 30_000, connIdle: 60_000, uplinkOnly: 30_000, downlinkOnly: 30_000 };

/**
 * What is tested, between plain sockets: client, door, then for each hop its outbound, a tap and its
 * inbound, and the target.
 */
export class Path {
  readonly origin: Origin;
  readonly taps: Tap[] = [];
  readonly inbounds: InboundHost[] = [];
  readonly outbounds: OutboundHost[] = [];
  /** How the inbounds' connections have ended. */
  readonly ends: HostedEnd[] = [];
  readonly #policy: typeof PATIENT;
  readonly #clients: Peer[] = [];
  readonly #planes = new PlaneWatch();
  /** The door, once it is open. */
  readonly #entries: InboundHost[] = [];

  private constructor(origin: Origin, policy: Partial<LevelPolicy>) {
    this.origin = origin;
    this.#policy = { ...PATIENT, ...policy };
  }

  /** Opens a path for the body, closes it, and sees that nothing is left, neither before nor after. */
  static async with(
    hops: readonly (Hop | LastOutbound)[],
    options: PathOptions,
    body: (path: Path) => Promise<void> | void,
  ): Promise<void> {
    const path = new Path(await Origin.start(options.host ?? '127.0.0.1'), options.policy ?? {});
    try {
      await path.#open(hops, options);
      await body(path);
      path.#leave();
      await path.settled();
    } catch (error) {
      // Why it failed is what counts; what could not be closed after that is not.
      await path.close().catch(() => undefined);
      throw error;
    }
    await path.close();
    await path.#planes.empty();
  }

  /** A new connection into the path. */
  async client(): Promise<Peer> {
    const peer = await Peer.connect({ address: '127.0.0.1', port: this.#entries[0]?.port ?? 0 });
    this.#clients.push(peer);
    return peer;
  }

  /** Both ends of a new connection, over which the client says something at once. */
  async joined(first = NOTHING): Promise<{ readonly client: Peer; readonly target: Peer }> {
    const client = await this.client();
    client.socket.write(first);
    return { client, target: await this.origin.next() };
  }

  /** Waits until all connections are gone, and all that was taken for them. */
  async settled(): Promise<void> {
    const open = (): readonly string[] => [
      ...(this.origin.open === 0 ? [] : [`${this.origin.open} connections at the target`]),
      ...this.taps.flatMap(({ open }) => (open === 0 ? [] : [`${open} sockets between outbound and inbound`])),
      ...this.#planes.beyondRest(),
    ];
    await until(
      () => open().length === 0,
      () => `the end of ${open().join(', ')}`,
    );
    const reasons = [
      ...this.ends.map(({ error, result }) => error ?? result?.error),
      ...this.inbounds.flatMap(({ packetErrors }) => packetErrors),
    ];
    const fault = reasons.find((reason) => reason?.code === 'E_INTERNAL');
    if (fault !== undefined) throw failure(`a handler failed by a fault of its own: ${fault.message}`);
  }

  /** Closes everything, whatever is open. */
  async close(): Promise<void> {
    this.#leave();
    await Promise.all([...this.#entries, ...this.inbounds].map((host) => host.close()));
    await Promise.all(this.outbounds.map((host) => host.close()));
    await Promise.all([this.origin.refuse(), ...this.taps.map((tap) => tap.close())]);
  }

  #leave(): void {
    for (const { socket } of this.#clients.splice(0)) socket.destroy();
  }

  async #open(hops: readonly (Hop | LastOutbound)[], { name, isUntapped = false }: PathOptions): Promise<void> {
    const target = this.origin.endpoint;
    let next: Connect | undefined;
    let beyond = { target, next: target };
    for (const hop of [...hops].reverse()) {
      if (!('inbound' in hop)) {
        next = await this.#host(hop.outbound, hop.settings, [], hop.services);
        continue;
      }
      const inbound = await this.#inbound(hop, beyond, next ?? this.#straight(target));
      const server = { address: '127.0.0.1', port: inbound.port };
      const tap = await Tap.start(server);
      this.inbounds.unshift(inbound);
      this.taps.unshift(tap);
      beyond = { target, next: isUntapped ? server : tap.endpoint };
      const { address, port } = beyond.next;
      const way = await this.#host(hop.outbound, hop.outboundSettings(beyond.next), [port, inbound.port]);
      const to = destination('tcp', address, port);
      next = hop.leadsTo === 'server' ? (session) => way(session, to) : way;
    }
    const first = next ?? this.#straight(target);
    const entry = await hostInbound(
      door(destination('tcp', name ?? target.address, target.port)),
      {},
      this.#hosting(first),
    );
    this.#entries.push(entry);
    this.#watch(entry);
  }

  async #inbound(hop: Hop, beyond: Beyond, next: Connect): Promise<InboundHost> {
    const { protocol } = hop;
    const options = { ...this.#hosting(next), ...(protocol === undefined ? {} : { protocol }) };
    const host = await hostInbound(hop.inbound, hop.inboundSettings(beyond), options);
    this.#watch(host);
    return host;
  }

  async #host(
    outbound: OutboundContribution,
    settings: object,
    ports: readonly number[],
    services?: Injector,
  ): Promise<Connect> {
    const plane = new DataPlane();
    const dialer = new OwnDialer(plane, ports);
    const host = await hostOutbound(outbound, settings, {
      plane,
      dialer,
      policy: this.#policy,
      ...(services === undefined ? {} : { services }),
    });
    this.outbounds.unshift(host);
    this.#planes.add('the outbound', plane);
    return (session, to) => dialer.inTime(session, this.#policy.handshake, () => host.connect(to, session));
  }

  #straight(target: Endpoint): Connect {
    const plane = new DataPlane();
    const dialer = new OwnDialer(plane, [target.port]);
    this.#planes.add('the way to the target', plane);
    return (session, to) => dialer.inTime(session, this.#policy.handshake, () => dialer.dial(session, to));
  }

  #hosting(next: Connect): InboundHostOptions {
    return { policy: this.#policy, connect: (session, to) => next(session as StubSession, to) };
  }

  #watch(host: InboundHost): void {
    this.#planes.add('the inbound', host.plane);
    const onEnd = (end: HostedEnd): void => {
      this.ends.push(end);
      void host.nextEnd().then(onEnd);
    };
    void host.nextEnd().then(onEnd);
  }
}
