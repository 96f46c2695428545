import type { Destination, Endpoint, Network, SluiceError } from '@sluice/net';
import type { Sniffed } from '../contributions/sniffer.js';

/** Who a handshake proved to be. Without an email a user has no counters of their own. */
export interface User {
  /** Names the user in rules, logs and counters. */
  readonly email?: string | undefined;
  /** The policy level. */
  readonly level: number;
}

/** The name under which one plugin leaves something on a session for another part of itself. */
export interface SessionKey<T> {
  /** Its identity; no two are equal. */
  readonly id: symbol;
  /** Carries the type only. */
  readonly type?: T;
}

/** A key of its own for something that travels on sessions; the name is for people. */
export function sessionKey<T>(name: string): SessionKey<T> {
  return { id: Symbol(name) };
}

/** Who wants to know when a session is over. */
export interface SessionObserver {
  /** Called once, when nothing of the session is left or will be. Must not throw. */
  sessionEnded(session: Session): void;
}

/** One connection's (or one UDP flow's) way through the instance. */
export interface Session {
  /** Counts up within the instance. */
  readonly id: number;
  readonly network: Network;
  /** The inbound by which it came. */
  readonly inboundTag: string;
  /** That inbound's protocol. */
  readonly inboundProtocol: string;
  readonly source: Endpoint;
  /** Our side of the inbound connection. */
  readonly local: Endpoint;
  /** Set by the inbound when its handshake names the user, before `connect`. */
  user: User | undefined;
  /** Request attributes for routing (V2Ray's `attrs`): ":method", ":path", lower-case headers. */
  attributes: Readonly<Record<string, string>> | undefined;
  /** Set by the dispatcher. */
  readonly target: Destination | undefined;
  /** The outbound that was chosen; undefined before. */
  readonly outboundTag: string | undefined;
  /** What the client's first bytes said, where the inbound has them looked at. */
  readonly sniffed: Sniffed | undefined;
  /** Aborted when the instance closes; made when first asked for. */
  readonly signal: AbortSignal;
  /**
   * Tells the runtime that the handshake is over although nothing is relayed yet: its time limit
   * ends here. Handing the link on says so by itself; saying it twice does no harm.
   */
  established(): void;
  /**
   * A further session of the same connection, for protocols that carry several requests: its own
   * id, target and attributes; source, local, inbound and user as here. It serves one `connect` and
   * one `relay`, and the dispatcher ends it with the relay, or at once if the connect fails. This
   * session goes on until `accept` returns.
   */
  fork(): Session;
  /**
   * Says whom the connection is from, where a proxy in front of this one told it (PROXY protocol).
   * To be called before anything asks for the source.
   */
  comesFrom(source: Endpoint, local?: Endpoint): void;
  /**
   * Ends the connection, in whatever phase it is; the error is the reason in the log. A fork that has
   * no relay ends alone and leaves the connection as it is.
   */
  end(error: SluiceError): void;
  /** At once if the session is over already. */
  onEnd(observer: SessionObserver): void;
  /** What was set under the key. */
  get<T>(key: SessionKey<T>): T | undefined;
  /** Keeps something for those further on the way. */
  set<T>(key: SessionKey<T>, value: T): void;
}

/** A session that a plugin has opened for itself. See `Dispatcher.originate`. */
export interface OwnSession extends Session {
  /** Gives up what is still being dialled. Links stay with the caller. */
  close(): void;
}
