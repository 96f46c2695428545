import type { Buffer } from 'node:buffer';
import type { Destination, Endpoint, Link, Network, PacketConn, RelayMeters } from '@sluice/net';
import type { OwnSession, Session, User } from './session.js';

/** Where inbounds hand connections on. */
export interface Dispatcher {
  /**
   * Routes the session and connects it through the chosen outbound.
   * @returns the upstream link, its handshake done; the caller closes it or relays it
   * @throws SluiceError of the dial or the outbound's handshake; E_BLOCKED, E_NO_OUTBOUND, E_CLOSING
   */
  connect(session: Session, to: Destination, options?: ConnectOptions): Promise<Link>;
  /**
   * Joins both links and takes them over: from here on the engine owns them, the session's log
   * line and its end. Returns at once.
   * @param meters what counts and limits this connection beside the policy's own counters
   */
  relay(session: Session, client: Link, upstream: Link, meters?: RelayMeters): void;
  /**
   * A session without a client, for what a plugin connects on its own account: a list that it
   * fetches, a pool that many clients share. Routed as if it came in by that inbound. The caller
   * owns the links and closes the session when it needs no further ones.
   */
  originate(as: OwnIdentity): OwnSession;
  /**
   * Routes a session of a plugin's own for packets, and opens the chosen outbound's way for them. The
   * caller closes it.
   * @throws SluiceError E_UNSUPPORTED where the outbound carries no UDP; as `connect`
   */
  openPackets(session: OwnSession, to: Destination): Promise<PacketConn>;
  /**
   * Serves a connection that came by another way than a listener (a stream of a multiplexed one, say)
   * as if it had been accepted: with a session, the handshake's time limit, a line in the log, and an end.
   */
  serve(link: Link, as: ServedIdentity, handle: (link: Link, session: Session) => Promise<void>): void;
  /** Where packets that came by such a way are handed on; `close` ends their flows. */
  packets(as: { readonly inboundTag: string; readonly inboundProtocol: string }): OwnPackets;
}

/** As which inbound's a plugin's own connections are routed. */
export interface OwnIdentity {
  /** What rules see as the inbound. */
  readonly inboundTag: string;
  /** What logs name as its protocol. */
  readonly inboundProtocol: string;
  /** Default "tcp". */
  readonly network?: Network;
  /** The outbound that takes it without asking the router, for a probe of that very one, say. */
  readonly outboundTag?: string | undefined;
}

/** Whose connection it is that a service hands over. */
export interface ServedIdentity {
  /** What rules see as the inbound. */
  readonly inboundTag: string;
  /** What logs name as its protocol. */
  readonly inboundProtocol: string;
  /** The client's address, where there is one. */
  readonly source?: Endpoint | undefined;
  /** Our side of its connection. */
  readonly local?: Endpoint | undefined;
  /** Who it is from, if that is known. */
  readonly user?: User | undefined;
}

/** How a connection is to be led on. */
export interface ConnectOptions {
  /** The target is the operator's word, not the client's: it may be a Unix socket. */
  readonly byConfiguration?: boolean;
  /**
   * The client's link, handshake done. Where the inbound has sniffing on, what the client says first
   * is looked at, for a bounded time, before the route is chosen; it stays in the reader.
   */
  readonly client?: Link | undefined;
  /**
   * For protocols whose clients wait for an answer before they say anything: gives that answer.
   * Called at most once, before the client's first bytes are waited for; `connect` may fail all the
   * same. Where it was not called, the inbound answers when `connect` has succeeded.
   */
  readonly goAhead?: (() => void) | undefined;
  /** What the client has said first, if the inbound has read it already; instead of `client`. */
  readonly payload?: Buffer | undefined;
}

/** A packet that an inbound received for a destination. */
export interface InboundPacket {
  /** The client; its packets share one session (full cone). */
  readonly source: Endpoint;
  readonly local: Endpoint;
  readonly to: Destination;
  /** Handed over: it must not change after the call. */
  readonly payload: Buffer;
  /** Who has sent it, if the protocol knows. */
  readonly user?: User | undefined;
  /** The session is ended after this long without a packet, in ms; default 60 s, or connIdle of a level that sets it shorter. */
  readonly idleMs?: number | undefined;
}

/** Where inbounds hand packets on. Sessions are bounded in number and expire when idle. */
export interface PacketDispatcher {
  /** @param reply called for each packet that comes back to this source, from whoever sent it */
  send(packet: InboundPacket, reply: (payload: Buffer, from: Endpoint) => void): void;
  /** Ends the source's session now (its association is over). */
  release(source: Endpoint): void;
}

/** A dispatcher of packets that a plugin has asked for. */
export interface OwnPackets extends PacketDispatcher {
  /** Ends the flows of all sources. */
  close(): void;
}
