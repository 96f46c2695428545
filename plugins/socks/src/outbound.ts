import {
  ServerRing,
  SluiceError,
  type Destination,
  type Link,
  type Outbound,
  type OutboundContext,
  type PacketConn,
  type Session,
} from '@sluice/plugin-api';
import { request } from './client.js';
import { Command } from './codec.js';
import { withDeadline } from './deadline.js';
import { relayAddress } from './relay-address.js';
import type { OutboundSettings } from './schema.js';
import { pickUser, serverOf, type Server, type ServerUser } from './server.js';
import { SocksPackets } from './socks-packets.js';

/** RFC 1928 section 7: a client that does not know where it will send from says all zeros. */
const UNKNOWN = { host: '0.0.0.0', port: 0 };

/** Leads through SOCKS 5 servers. */
export class SocksOutbound implements Outbound {
  readonly #context: OutboundContext<OutboundSettings>;
  readonly #servers: ServerRing<Server>;

  constructor(context: OutboundContext<OutboundSettings>) {
    this.#context = context;
    this.#servers = new ServerRing(context.settings.servers.map(serverOf));
  }

  async connect(session: Session, to: Destination): Promise<Link> {
    refuseUnix(to);
    const { server, link } = await this.#servers.dial(this.#context.dialer, session);
    await this.#handshake(session, server, link, (user) => request(link, user, Command.connect, to));
    return link;
  }

  async openPackets(session: Session, to: Destination): Promise<PacketConn> {
    refuseUnix(to);
    const { dialer, resolver } = this.#context;
    const { server, link } = await this.#servers.dial(this.#context.dialer, session);
    return this.#handshake(session, server, link, async (user) => {
      const bound = await request(link, user, Command.udpAssociate, UNKNOWN);
      const relay = await relayAddress(resolver, server.address, link.conn.remote.address, bound);
      return new SocksPackets(link, await dialer.openPackets(session, relay), relay);
    });
  }

  #handshake<T>(
    session: Session,
    server: Server,
    link: Link,
    steps: (user: ServerUser | undefined) => Promise<T>,
  ): Promise<T> {
    const { plane, policy } = this.#context;
    const user = pickUser(server);
    const { handshake } = policy.level(user?.level ?? 0);
    return withDeadline(plane, session, link, handshake, () => steps(user));
  }
}

/** Whether another server may do better. */
function refuseUnix(to: Destination): void {
  if (to.type === 'unix') throw new SluiceError('E_UNSUPPORTED', 'SOCKS does not lead to Unix sockets');
}
