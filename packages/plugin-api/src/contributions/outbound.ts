import type { DataPlane, Destination, Link, PacketConn, Resolver } from '@sluice/net';
import type { Dialer } from '../services/dialer.js';
import type { Logger } from '../services/logger.js';
import type { Policy } from '../services/policy.js';
import type { Session } from '../services/session.js';
import type { Stats } from '../services/stats.js';
import type { Injector } from '../tokens.js';
import type { ProblemReporter, TSchema } from './schema.js';

/** A kind of outbound: what `"protocol"` names in an entry of `outbounds`. */
export interface OutboundContribution<S = unknown> {
  /** One sentence for completion and docs. */
  readonly description: string;
  /** The JSON Schema (TypeBox) of `settings`. */
  readonly schema: TSchema;
  /** Finds what a schema cannot say. Called with settings that the schema accepts. */
  check?(settings: S, problems: ProblemReporter): void;
  /** Constructs without side effects; resources are taken in `start`. */
  create(context: OutboundContext<S>): Outbound;
}

/** Leads the connections of one configured outbound on. */
export interface Outbound {
  /** Takes resources; a rejection ends the start of the instance, or the change of it that was to bring this in. */
  start?(): void | Promise<void>;
  /** Safe after a start that failed half-way, and twice. */
  close?(): void | Promise<void>;
  /**
   * Dials, does the protocol's handshake, and returns the link, ready for payload. The runtime
   * limits the time. A link that the outbound dialled and cannot return, it closes.
   * @throws SluiceError with a code of the catalogue
   */
  connect(session: Session, to: Destination): Promise<Link>;
  /**
   * Opens a path for packets to any destination; `to` is the first one. Without this method the
   * outbound carries no UDP, and packets routed to it are dropped with a reason.
   */
  openPackets?(session: Session, to: Destination): Promise<PacketConn>;
}

/** What an outbound is given; `get` reaches any other service by its token. */
export interface OutboundContext<S = unknown> extends Injector {
  /** The tag of the outbound. */
  readonly tag: string;
  /** Validated and frozen. */
  readonly settings: Readonly<S>;
  readonly logger: Logger;
  readonly dialer: Dialer;
  readonly resolver: Resolver;
  readonly policy: Policy;
  readonly stats: Stats;
  readonly plane: DataPlane;
}

/** Keeps the settings' type while the registry forgets it. */
export function defineOutbound<S>(contribution: OutboundContribution<S>): OutboundContribution {
  return contribution;
}
