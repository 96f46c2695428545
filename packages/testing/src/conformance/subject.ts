import type { Endpoint, InboundContribution, Injector, OutboundContribution } from '@sluice/plugin-api';

/** What lies behind an inbound, on loopback. */
export interface Beyond {
  /** Where the connections of a case lead to in the end. */
  readonly target: Endpoint;
  /** The server of the next hop; behind the last hop the target. */
  readonly next: Endpoint;
}

/** A pair of handlers: an outbound, and the inbound of the same protocol that it leads to. */
export interface Hop {
  readonly outbound: OutboundContribution;
  /** @param server where the hop's inbound is reached, on loopback */
  outboundSettings(server: Endpoint): object;
  /**
   * Where its clients ask the outbound to lead them. A protocol's own server leads on from there; a
   * transport is asked for its server itself. Default "target".
   */
  readonly leadsTo?: 'target' | 'server';
  readonly inbound: InboundContribution;
  /** For inbounds that know their target themselves. */
  inboundSettings(beyond: Beyond): object;
  /** What the inbound's sessions say of its protocol. Default "test". */
  readonly protocol?: string;
}

/** An outbound that leads nowhere: that refuses, or answers by itself. */
export interface LastOutbound {
  readonly outbound: OutboundContribution;
  readonly settings: object;
  /** What it asks its context for by tokens. Default: nothing. */
  readonly services?: Injector;
}

/** What a protocol can do, and how it is to be tried. The suite asks for all that it can, and for nothing else. */
export interface Abilities {
  /** Each direction ends by itself; the other one goes on. Default true. */
  readonly halfClose?: boolean;
  /** The client names the target: by name, by IPv4 and by IPv6. Default true. */
  readonly targets?: boolean;
  /** Bytes that were changed on the way never reach the target or the client. Default false. */
  readonly integrity?: boolean;
  /** A conversation longer than this many bytes is broken at so many places of it, spread evenly. Default 1500. */
  readonly places?: number;
  /** Packets are carried: the outbound opens paths for them, and the inbound takes them. Default false. */
  readonly udp?: boolean;
}

/** One thing that the suite asks of a protocol; to be run by whatever test runner there is. */
export interface ConformanceCase {
  readonly name: string;
  /** More than it needs on a slow machine, in ms. */
  readonly timeoutMs: number;
  /** Takes all it needs and leaves nothing. @throws AssertionError of `node:assert` that says what was seen */
  run(): Promise<void>;
}
