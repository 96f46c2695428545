import type { Buffer } from 'node:buffer';
import type { DataPlane, Endpoint, Link, Network } from '@sluice/net';
import type { Dispatcher, PacketDispatcher } from '../services/dispatcher.js';
import type { Logger } from '../services/logger.js';
import type { Policy } from '../services/policy.js';
import type { Session } from '../services/session.js';
import type { Stats } from '../services/stats.js';
import type { Injector } from '../tokens.js';
import type { ProblemReporter, TSchema } from './schema.js';

/** A kind of inbound: what `"protocol"` names in an entry of `inbounds`. */
export interface InboundContribution<S = unknown> {
  /** One sentence for completion and docs. */
  readonly description: string;
  /** The JSON Schema (TypeBox) of `settings`. Types, validation, editors and docs come from it. */
  readonly schema: TSchema;
  /** Finds what a schema cannot say. Called with settings that the schema accepts. */
  check?(settings: S, problems: ProblemReporter): void;
  /** Which networks the runtime listens on for it, at the configured address and port. */
  networks(settings: S): readonly Network[];
  /** Constructs without side effects; resources are taken in `start`. */
  create(context: InboundContext<S>): Inbound;
}

/** The users of an inbound whose protocol lets them change while it runs. */
export interface InboundUsers {
  /** Their e-mails, as configured. */
  emails(): readonly string[];
  /**
   * @param user an entry of the settings' list of users, as a configuration has it
   * @throws SluiceError E_CONFIG_INVALID saying what is wrong with it, E_EXISTS if the e-mail is taken
   */
  add(user: unknown): void;
  /** Whether there was one. The runtime ends the user's connections. */
  remove(email: string): boolean;
}

/** Takes the connections of one configured inbound. */
export interface Inbound {
  /** Where the protocol's users can be changed while it runs. */
  readonly users?: InboundUsers;
  /** The policy level that limits the handshake, before a user is known. Default 0. */
  readonly level?: number;
  /**
   * Takes over what must outlive a change of the configuration (used quotas, seen handshakes) from the
   * inbound of the same protocol and tag whose place this one takes. Called before `start`, while the
   * other one runs; the other's connections go on, and it is closed when they are over.
   * @returns the e-mails of users whose connections must end: gone, or with another secret
   */
  succeed?(previous: Inbound): readonly string[];
  /** Takes resources; a rejection ends the start of the instance, or the change of it that was to bring this in. */
  start?(): void | Promise<void>;
  /** Safe after a start that failed half-way, and twice. */
  close?(): void | Promise<void>;
  /**
   * Takes an accepted connection over: reads the handshake from `link.reader`, names user and
   * target, and hands on to the dispatcher. The runtime limits the handshake's time by the policy,
   * logs a thrown SluiceError as the connection's end, and closes a link that was not handed on,
   * once the client has taken what was written last (a refusal, say) or a second has passed.
   */
  accept?(link: Link, session: Session): Promise<void>;
  /** A packet has arrived on the inbound's UDP port. `reply` sends one back to `source`. */
  packet?(payload: Buffer, source: Endpoint, local: Endpoint, reply: (payload: Buffer) => void): void;
  /** Lines to show a person once the inbound listens there, such as links to share. */
  announce?(listening: readonly Endpoint[]): readonly string[];
}

/** What an inbound is given; `get` reaches any other service by its token. */
export interface InboundContext<S = unknown> extends Injector {
  /** The tag of the inbound. */
  readonly tag: string;
  /** Validated and frozen. */
  readonly settings: Readonly<S>;
  readonly logger: Logger;
  readonly dispatcher: Dispatcher;
  readonly packets: PacketDispatcher;
  readonly policy: Policy;
  readonly stats: Stats;
  readonly plane: DataPlane;
}

/** Keeps the settings' type while the registry forgets it. */
export function defineInbound<S>(contribution: InboundContribution<S>): InboundContribution {
  return contribution;
}
