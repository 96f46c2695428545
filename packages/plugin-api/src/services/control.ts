import type { Destination, Endpoint, Network, SluiceError } from '@sluice/net';
import type { InboundUsers } from '../contributions/inbound.js';
import type { Sniffed } from '../contributions/sniffer.js';
import type { User } from './session.js';

/** A running inbound. */
export interface InboundView {
  /** The tag of the inbound. */
  readonly tag: string;
  /** As `protocol` names it. */
  readonly protocol: string;
  /** The ports that it has; several for a range. */
  readonly listening: readonly { readonly network: Network; readonly endpoint: Endpoint }[];
  /** Where the protocol's users can be changed while it runs. */
  readonly users: InboundUsers | undefined;
}

/** A running outbound; the first one is the default. */
export interface OutboundView {
  /** The tag of the outbound. */
  readonly tag: string;
  /** As `protocol` names it. */
  readonly protocol: string;
  /** The outbound that it dials through. */
  readonly via: string | undefined;
  /** Whether it takes UDP. */
  readonly carriesPackets: boolean;
}

/** A balancer as it is now. */
export interface BalancerView {
  /** As rules name it. */
  readonly tag: string;
  /** The name of its strategy. */
  readonly strategy: string;
  /** The outbounds that its selector names now. */
  readonly members: readonly string[];
  /** The outbound that is taken when none can be chosen. */
  readonly fallbackTag: string | undefined;
  /** The outbound that an operator has set by hand. */
  readonly override: string | undefined;
}

/** An open connection or UDP flow. */
export interface SessionView {
  /** Counts up within the instance. */
  readonly id: number;
  readonly network: Network;
  /** The inbound by which it came. */
  readonly inboundTag: string;
  /** That inbound's protocol. */
  readonly inboundProtocol: string;
  readonly source: Endpoint;
  readonly local: Endpoint;
  /** Who it is from, if the inbound knows. */
  readonly user: User | undefined;
  /** Where it wants to go; undefined during the handshake. */
  readonly target: Destination | undefined;
  /** What its first bytes said. */
  readonly sniffed: Sniffed | undefined;
  /** The outbound that was chosen. */
  readonly outboundTag: string | undefined;
  /** The balancer that has chosen it, if one has. */
  readonly balancerTag: string | undefined;
  /** The rule's place in `routing.rules`, from 0; undefined for the default outbound. */
  readonly ruleIndex: number | undefined;
  /** As of Date.now(). */
  readonly startedAt: number;
  /** Payload bytes from the client so far. */
  readonly uplink: number;
  /** Payload bytes to the client so far. */
  readonly downlink: number;
  /** Ends it; the error is the reason in the log. */
  end(error: SluiceError): void;
}

/** What the router can be asked about. */
export interface RouteQuestion {
  /** The inbound by which it would come. */
  readonly inboundTag: string;
  readonly network: Network;
  readonly target: Destination;
  /** The client's address. */
  readonly source?: Endpoint | undefined;
  /** Who it would be from. */
  readonly user?: User | undefined;
  /** What sniffing would find. */
  readonly protocol?: string | undefined;
  /** V2Ray's `attrs` of an HTTP request. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** Where a connection goes, and why. */
export interface RouteAnswer {
  /** The outbound that is chosen. */
  readonly outboundTag: string;
  /** The balancer that has chosen it, if one has. */
  readonly balancerTag: string | undefined;
  /** The rule's place in `routing.rules`, from 0; undefined for the default outbound. */
  readonly ruleIndex: number | undefined;
}

/** A decision of the router, and what was asked. */
export interface RouteEvent extends RouteAnswer {
  readonly question: RouteQuestion;
}

/** An outbound's attempt to connect, its handshake included. */
export interface DialEvent {
  /** Of the outbound that tried. */
  readonly outboundTag: string;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** Absent if it succeeded. */
  readonly error: SluiceError | undefined;
}

/** A routing rule as it is now. */
export interface RuleView {
  /** As `type` names it. */
  readonly type: string;
  /** Where it leads, if it names an outbound. */
  readonly outboundTag: string | undefined;
  /** Where it leads, if it names a balancer. */
  readonly balancerTag: string | undefined;
  /** The rule's own fields, as configured. */
  readonly fields: unknown;
}

/** What a reload has changed, by tag or key. */
export interface ReloadReport {
  /** Those that are new. */
  readonly added: readonly string[];
  /** Those that are gone. */
  readonly removed: readonly string[];
  /** Those that another one of the same name has replaced. */
  readonly replaced: readonly string[];
  /** How many go on as they are. */
  readonly kept: number;
  /** Connections ended because their users are gone. */
  readonly ended: number;
}

/**
 * The running instance, to look at and to change. Changes are made one after the other, and each is
 * made in full or not at all.
 */
export interface Control {
  /** As of Date.now(). */
  readonly startedAt: number;
  /** In the order in which they were made. */
  inbounds(): readonly InboundView[];
  /** The first one is the default. */
  outbounds(): readonly OutboundView[];
  /** In the order of the configuration. */
  balancers(): readonly BalancerView[];
  /** In the order in which they are asked. */
  rules(): readonly RuleView[];
  /** All open connections and flows. */
  sessions(): Iterable<SessionView>;
  /** The open connection or flow of that number. */
  session(id: number): SessionView | undefined;
  /** Bytes of all connections since the start, inbounds' side. */
  traffic(): { readonly uplink: number; readonly downlink: number };

  /**
   * @param entry an entry of `inbounds`, as a configuration has it
   * @throws SluiceError E_CONFIG_INVALID with the diagnostics in words, E_EXISTS, E_LISTEN_*, E_START_FAILED
   */
  addInbound(entry: object): Promise<void>;
  /** Its open connections go on. @throws SluiceError E_NOT_FOUND */
  removeInbound(tag: string): Promise<void>;
  /** @throws SluiceError E_CONFIG_INVALID, E_EXISTS, E_START_FAILED */
  addOutbound(entry: object): Promise<void>;
  /** @throws SluiceError E_NOT_FOUND, or E_IN_USE if it is the last one */
  removeOutbound(tag: string): Promise<void>;
  /** @throws SluiceError E_NOT_FOUND, E_UNSUPPORTED, E_CONFIG_INVALID, E_EXISTS */
  addUser(inboundTag: string, user: object): void;
  /** Ends the user's connections through this inbound. @returns how many @throws SluiceError E_NOT_FOUND, E_UNSUPPORTED */
  removeUser(inboundTag: string, email: string): number;
  /** Sets a balancer's outbound by hand; undefined gives the choice back. @throws SluiceError E_NOT_FOUND */
  overrideBalancer(tag: string, outboundTag: string | undefined): void;

  /** @throws SluiceError E_NO_OUTBOUND */
  route(question: RouteQuestion): Promise<RouteAnswer>;
  /** Calls with every routing decision. The listener must not throw. @returns ends it */
  onRoute(listener: (event: RouteEvent) => void): () => void;
  /** Calls with every connection that an outbound was asked for. The listener must not throw. @returns ends it */
  onDial(listener: (event: DialEvent) => void): () => void;
  /** Calls when a connection or flow is over. The listener must not throw. @returns ends it */
  onSessionEnd(listener: (session: SessionView, error: SluiceError | undefined) => void): () => void;

  /**
   * Reads the configuration anew and goes over to it. What did not change keeps its listeners and
   * connections.
   * @throws SluiceError E_CONFIG_INVALID with the diagnostics in words, E_LISTEN_*, E_START_FAILED: nothing has
   * changed then; E_UNSUPPORTED if the instance was not made from files
   */
  reload(): Promise<ReloadReport>;
}
