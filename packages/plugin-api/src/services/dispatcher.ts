import type { Buffer } from 'node:buffer';
import type { Destination, Endpoint, Link, RelayMeters } from '@sluice/net';
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
  originate(as: { readonly inboundTag: string; readonly inboundProtocol: string }): OwnSession;
}

export interface ConnectOptions {
  /** The target is the operator's word, not the client's: it may be a Unix socket. */
  readonly byConfiguration?: boolean;
}

/** A packet that an inbound received for a destination. */
export interface InboundPacket {
  /** The client; its packets share one session (full cone). */
  readonly source: Endpoint;
  readonly local: Endpoint;
  readonly to: Destination;
  readonly payload: Buffer;
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
