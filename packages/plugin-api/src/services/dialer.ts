import type { Destination, Link, PacketConn } from '@sluice/net';
import type { Session } from './session.js';

/**
 * An outbound's way to the network, with what its configuration says of it: `sendThrough`,
 * `streamSettings`, and `proxySettings.tag`, which leads through another outbound.
 */
export interface Dialer {
  /** @throws SluiceError E_DIAL_*, E_DNS_*, E_CLOSING, E_OUTBOUND_LOOP */
  dial(session: Session, to: Destination): Promise<Link>;
  /** A datagram path; opened without waiting for any peer. @throws SluiceError E_UDP_FAILED */
  openPackets(session: Session, to: Destination): Promise<PacketConn>;
}
