import type { OutboundConfig } from '@sluice/config';
import {
  SluiceError,
  type Destination,
  type Link,
  type Outbound,
  type OutboundView,
  type PacketConn,
  type Session,
} from '@sluice/plugin-api';
import type { TrafficPair } from '../stats/traffic-counters.js';
import type { StreamLayers } from '../stream/stream-layers.js';
import type { HandlerDialer } from './handler-dialer.js';

/** A configured outbound: the plugin's handler under its tag. */
export class OutboundHandler implements OutboundView {
  readonly tag: string;
  readonly protocol: string;
  readonly config: OutboundConfig;
  /** Open sessions that it carries. */
  load = 0;
  readonly #outbound: Outbound;
  readonly #dialer: HandlerDialer | undefined;
  readonly #layers: StreamLayers | undefined;

  /** @param own its dialer, whose connections are counted, and the layers of its streams, if it has any */
  constructor(
    config: OutboundConfig,
    outbound: Outbound,
    own: { readonly dialer?: HandlerDialer; readonly layers?: StreamLayers | undefined } = {},
  ) {
    this.tag = config.tag;
    this.protocol = config.protocol;
    this.config = config;
    this.#outbound = outbound;
    this.#dialer = own.dialer;
    this.#layers = own.layers;
  }

  get via(): string | undefined {
    return this.config.via;
  }

  /** Counts its connections from now on. */
  meter(traffic: TrafficPair): void {
    if (this.#dialer !== undefined) this.#dialer.traffic = traffic;
  }

  get name(): string {
    return `outbound "${this.tag}"`;
  }

  get carriesPackets(): boolean {
    return this.#outbound.openPackets !== undefined;
  }

  connect(session: Session, to: Destination): Promise<Link> {
    return this.#outbound.connect(session, to);
  }

  /** @throws SluiceError E_UNSUPPORTED where the protocol carries no UDP */
  openPackets(session: Session, to: Destination): Promise<PacketConn> {
    if (this.#outbound.openPackets === undefined) {
      return Promise.reject(new SluiceError('E_UNSUPPORTED', `${this.name} (${this.protocol}) carries no UDP`));
    }
    return this.#outbound.openPackets(session, to);
  }

  async start(): Promise<void> {
    await this.#layers?.start();
    await this.#outbound.start?.();
  }

  async close(): Promise<void> {
    try {
      await this.#outbound.close?.();
    } finally {
      await this.#layers?.close();
    }
  }
}
