import type { Destination, Endpoint, Network, SluiceError } from '@sluice/net';
import type { InboundUsers } from '../contributions/inbound.js';
import type { Sniffed } from '../contributions/sniffer.js';
import type { User } from './session.js';

/** A running inbound. */
export interface InboundView {
  readonly tag: string;
  readonly protocol: string;
  readonly listening: readonly { readonly network: Network; readonly endpoint: Endpoint }[];
  /** Where the protocol's users can be changed while it runs. */
  readonly users: InboundUsers | undefined;
}

/** A running outbound; the first one is the default. */
export interface OutboundView {
  readonly tag: string;
  readonly protocol: string;
  /** The outbound that it dials through. */
  readonly via: string | undefined;
  readonly carriesPackets: boolean;
}

/** A balancer as it is now. */
export interface BalancerView {
  readonly tag: string;
  readonly strategy: string;
  /** The outbounds that its selector names now. */
  readonly members: readonly string[];
  readonly fallbackTag: string | undefined;
  /** The outbound that an operator has set by hand. */
  readonly override: string | undefined;
}

/** An open connection or UDP flow. */
export interface SessionView {
  readonly id: number;
  readonly network: Network;
  readonly inboundTag: string;
  readonly inboundProtocol: string;
  readonly source: Endpoint;
  readonly local: Endpoint;
  readonly user: User | undefined;
  readonly target: Destination | undefined;
  readonly sniffed: Sniffed | undefined;
  readonly outboundTag: string | undefined;
  readonly balancerTag: string | undefined;
  /** The rule's place in `routing.rules`, from 0; undefined for the default outbound. */
  readonly ruleIndex: number | undefined;
  /** As of Date.now(). */
  readonly startedAt: number;
  /** Payload bytes so far. */
  readonly uplink: number;
  readonly downlink: number;
  end(error: SluiceError): void;
}

/** What the router can be asked about. */
export interface RouteQuestion {
  readonly inboundTag: string;
  readonly network: Network;
  readonly target: Destination;
  readonly source?: Endpoint | undefined;
  readonly user?: User | undefined;
  readonly protocol?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** Where a connection goes, and why. */
export interface RouteAnswer {
  readonly outboundTag: string;
  readonly balancerTag: string | undefined;
  readonly ruleIndex: number | undefined;
}

/** A decision of the router, and what was asked. */
export interface RouteEvent extends RouteAnswer {
  readonly question: RouteQuestion;
}

/** An outbound's attempt to connect, its handshake included. */
export interface DialEvent {
  readonly outboundTag: string;
  readonly ms: number;
  /** Absent if it succeeded. */
  readonly error: SluiceError | undefined;
}

/** A routing rule as it is now. */
export interface RuleView {
  readonly type: string;
  readonly outboundTag: string | undefined;
  readonly balancerTag: string | undefined;
  /** The rule's own fields, as configured. */
  readonly fields: unknown;
}

/** What a reload has changed, by tag or key. */
export interface ReloadReport {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly replaced: readonly string[];
  readonly kept: number;
  /** Connections ended because their users are gone. */
  readonly ended: number;
}

/**
 * The running instance, to look at and to change. Changes are made one after the other, and each is
 * made in full or not at all.
 */
export interface Control {
  readonly startedAt: number;
  inbounds(): readonly InboundView[];
  outbounds(): readonly OutboundView[];
  balancers(): readonly BalancerView[];
  rules(): readonly RuleView[];
  /** All open connections and flows. */
  sessions(): Iterable<SessionView>;
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
