import type { Destination, DialObserver, Link, PacketConn } from '@sluice/net';
import type { Session } from './session.js';

/**
 * An outbound's way to the network, with what its configuration says of it: `sendThrough`,
 * `streamSettings`, and `proxySettings.tag`, which leads through another outbound.
 */
export interface Dialer {
  /** @throws SluiceError E_DIAL_*, E_DNS_*, E_CLOSING, E_OUTBOUND_LOOP */
  dial(session: Session, to: Destination): Promise<Link>;
  /**
   * Dials the first of several addresses that answers: in a race like RFC 8305's, best first. Through
   * another outbound they are tried one after the other, since a chain's handshakes outlast the delay
   * of a race, and each attempt would be one more connection of everybody in it.
   * @throws SluiceError as `dial`: the first one's reason if none answers
   */
  dialAny(
    session: Session,
    candidates: readonly [Destination, ...Destination[]],
    observer?: DialObserver<Destination>,
  ): Promise<Link>;
  /** A datagram path; opened without waiting for any peer. @throws SluiceError E_UDP_FAILED */
  openPackets(session: Session, to: Destination): Promise<PacketConn>;
}
