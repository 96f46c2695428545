import type { OutboundConfig } from '@sluice/config';
import {
  destination,
  dial,
  dialAny,
  isUnreachable,
  Link,
  SluiceError,
  toSluiceError,
  UdpConn,
  type Conn,
  type DataPlane,
  type Destination,
  type Dialer,
  type Dialing,
  type DialObserver,
  type DialOptions,
  type PacketConn,
  type Resolver,
  type Session,
} from '@sluice/plugin-api';
import { FlowSession } from '../dispatch/flow-session.js';
import { PluginSession } from '../dispatch/plugin-session.js';
import type { StreamLayers } from '../stream/stream-layers.js';
import type { TrafficPair } from '../stats/traffic-counters.js';
import { MeteredPackets } from './metered-packets.js';
import type { OutboundHandler } from './outbound-handler.js';
import type { OutboundTable } from './outbound-table.js';

type Candidates = readonly [Destination, ...Destination[]];

interface DialerServices {
  readonly outbounds: OutboundTable;
  readonly plane: DataPlane;
  readonly resolver: Resolver;
  /** What streams to the server itself go through. */
  readonly layers?: StreamLayers | undefined;
}

/** V2Ray's bound for a dial, in ms. */
const DIAL_TIMEOUT_MS = 16_000;

/** An outbound's way to the network: directly, or through the outbound that it names. */
export class HandlerDialer implements Dialer {
  readonly #config: OutboundConfig;
  readonly #outbounds: OutboundTable;
  readonly #plane: DataPlane;
  readonly #resolver: Resolver;
  readonly #layers: StreamLayers | undefined;
  /** What counts its connections from now on. */
  traffic: TrafficPair = { uplink: undefined, downlink: undefined };

  constructor(config: OutboundConfig, services: DialerServices) {
    this.#config = config;
    this.#outbounds = services.outbounds;
    this.#plane = services.plane;
    this.#resolver = services.resolver;
    this.#layers = services.layers;
  }

  dial(session: Session, to: Destination): Promise<Link> {
    return session instanceof PluginSession ? session.dialling(() => this.#dial(session, to)) : this.#dial(session, to);
  }

  async #dial(session: Session, to: Destination): Promise<Link> {
    const { via, stream } = this.#config;
    if (via !== undefined) return this.#metered(await this.#outbounds.get(via).connect(session, to));
    const target = stream?.path === undefined ? to : destination('tcp', stream.path, 0);
    const conn = await dial(this.#plane, target, this.#options(session));
    return this.#through(session, conn, to);
  }

  dialAny(session: Session, candidates: Candidates, observer?: DialObserver<Destination>): Promise<Link> {
    return session instanceof PluginSession
      ? session.dialling(() => this.#dialAny(session, candidates, observer))
      : this.#dialAny(session, candidates, observer);
  }

  async #dialAny(session: Session, candidates: Candidates, observer?: DialObserver<Destination>): Promise<Link> {
    const { via, stream } = this.#config;
    if (via !== undefined) return this.#oneByOne(this.#outbounds.get(via), session, candidates, observer);
    if (stream?.path !== undefined) return this.#dial(session, candidates[0]);
    const conn = await dialAny(this.#plane, candidates, this.#options(session), observer);
    return this.#through(session, conn, candidates[0]);
  }

  async openPackets(session: Session, to: Destination): Promise<PacketConn> {
    const { via, sendThrough } = this.#config;
    // What is to be hidden must not go out as it is.
    if (via === undefined && this.#layers !== undefined)
      throw new SluiceError('E_UNSUPPORTED', 'the streamSettings of the outbound carry no packets');
    const packets =
      via === undefined
        ? new UdpConn({ resolver: this.#resolver, localAddress: sendThrough })
        : await this.#outbounds.get(via).openPackets(session, to);
    const { uplink, downlink } = this.traffic;
    return uplink === undefined && downlink === undefined ? packets : new MeteredPackets(packets, this.traffic);
  }

  async #oneByOne(
    through: OutboundHandler,
    session: Session,
    candidates: Candidates,
    observer?: DialObserver<Destination>,
  ): Promise<Link> {
    let first: SluiceError | undefined;
    for (const to of candidates) {
      try {
        const link = await through.connect(session, to);
        observer?.connected(to);
        return this.#metered(link);
      } catch (thrown) {
        const error = toSluiceError(thrown);
        if (!isUnreachable(error) && error.code !== 'E_UPSTREAM_REJECTED') throw error;
        observer?.failed(to, error);
        first ??= error;
        // The session is over, or its time is.
        if (session.signal.aborted) break;
      }
    }
    throw first ?? new SluiceError('E_INTERNAL', 'nothing to dial');
  }

  #options(session: Session): DialOptions {
    const { sendThrough: localAddress } = this.#config;
    return {
      resolver: this.#resolver,
      timeoutMs: DIAL_TIMEOUT_MS,
      localAddress,
      ...(session instanceof FlowSession
        ? { track: (dialing: Dialing) => session.track(dialing) }
        : { signal: session.signal }),
    };
  }

  /** The lowest conn is what ends with the session. */
  #through(session: Session, conn: Conn, to: Destination): Link | Promise<Link> {
    if (session instanceof FlowSession) session.holds(conn);
    const link = new Link(conn);
    if (this.#layers === undefined) return this.#metered(link);
    return this.#layers.connect(link, session, to).then((top) => this.#metered(top));
  }

  /** The conn of the outbound that this one leads through may be metered already. */
  #metered(link: Link): Link {
    const { uplink, downlink } = this.traffic;
    if (uplink !== undefined || downlink !== undefined) link.conn.meter(downlink, uplink);
    return link;
  }
}
