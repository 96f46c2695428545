import type { OutboundConfig } from '@sluice/config';
import {
  destination,
  dial,
  Link,
  UdpConn,
  type DataPlane,
  type Destination,
  type Dialer,
  type PacketConn,
  type Resolver,
  type Session,
} from '@sluice/plugin-api';
import { FlowSession } from '../dispatch/flow-session.js';
import type { TrafficPair } from '../stats/traffic-counters.js';
import { MeteredPackets } from './metered-packets.js';
import type { OutboundTable } from './outbound-table.js';

/** V2Ray's bound for a dial, in ms. */
const DIAL_TIMEOUT_MS = 16_000;

/** An outbound's way to the network: directly, or through the outbound that it names. */
export class HandlerDialer implements Dialer {
  readonly #config: OutboundConfig;
  readonly #outbounds: OutboundTable;
  readonly #plane: DataPlane;
  readonly #resolver: Resolver;
  readonly #traffic: TrafficPair;

  constructor(
    config: OutboundConfig,
    services: { outbounds: OutboundTable; plane: DataPlane; resolver: Resolver },
    traffic: TrafficPair,
  ) {
    this.#config = config;
    this.#outbounds = services.outbounds;
    this.#plane = services.plane;
    this.#resolver = services.resolver;
    this.#traffic = traffic;
  }

  async dial(session: Session, to: Destination): Promise<Link> {
    const link = await this.#open(session, to);
    const { uplink, downlink } = this.#traffic;
    // The conn of the outbound that this one leads through may be metered already.
    if (uplink !== undefined || downlink !== undefined) link.conn.meter(downlink, uplink);
    return link;
  }

  async openPackets(session: Session, to: Destination): Promise<PacketConn> {
    const { via, sendThrough } = this.#config;
    const packets =
      via === undefined
        ? new UdpConn({ resolver: this.#resolver, localAddress: sendThrough })
        : await this.#outbounds.get(via).openPackets(session, to);
    const { uplink, downlink } = this.#traffic;
    return uplink === undefined && downlink === undefined ? packets : new MeteredPackets(packets, this.#traffic);
  }

  async #open(session: Session, to: Destination): Promise<Link> {
    const { via, sendThrough, stream } = this.#config;
    if (via !== undefined) return this.#outbounds.get(via).connect(session, to);
    const target = stream?.path === undefined ? to : destination('tcp', stream.path, 0);
    const own = session instanceof FlowSession ? session : undefined;
    const conn = await dial(this.#plane, target, {
      resolver: this.#resolver,
      timeoutMs: DIAL_TIMEOUT_MS,
      localAddress: sendThrough,
      ...(own === undefined ? { signal: session.signal } : { track: (dialing) => own.track(dialing) }),
    });
    own?.holds(conn);
    return new Link(conn);
  }
}
