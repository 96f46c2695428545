import {
  destination,
  ServerRing,
  type Destination,
  type Link,
  type Outbound,
  type OutboundContext,
  type PacketConn,
  type Session,
} from '@sluice/plugin-api';
import { formatAddress } from './address.js';
import { AnswerDecoder } from './answer-decoder.js';
import { ChunkEncoder } from './codec.js';
import { Secret } from './method.js';
import { SaltFilter } from './salt-filter.js';
import type { OutboundSettings, ServerSettings } from './schema.js';
import { ShadowsocksPackets } from './shadowsocks-packets.js';

interface Server {
  readonly address: Destination;
  readonly secret: Secret;
}

/** @throws SluiceError E_ADDRESS_INVALID */
function serverOf({ address, port, method, password }: ServerSettings): Server {
  return { address: destination('tcp', address, port), secret: new Secret(method, password) };
}

/** Leads through Shadowsocks servers. */
export class ShadowsocksOutbound implements Outbound {
  readonly #context: OutboundContext<OutboundSettings>;
  readonly #servers: ServerRing<Server>;
  readonly #streams = new SaltFilter();
  readonly #packets = new SaltFilter();

  constructor(context: OutboundContext<OutboundSettings>) {
    this.#context = context;
    this.#servers = new ServerRing(context.settings.servers.map(serverOf));
  }

  /** The server says nothing to a request: whether it lets us in shows when it answers, or does not. */
  async connect(session: Session, to: Destination): Promise<Link> {
    // Formatted first: a host that cannot be sent must not cost a connection.
    const address = formatAddress(to.host, to.port);
    const { server, link } = await this.#servers.dial(this.#context.dialer, session);
    const { secret } = server;
    // Both directions have the same key: our own words sent back to us must not pass for an answer.
    const salt = secret.newSalt();
    this.#streams.add(salt);
    link.push({
      encode: new ChunkEncoder(secret, salt),
      decode: new AnswerDecoder(secret, this.#streams),
    });
    link.write(address);
    return link;
  }

  async openPackets(session: Session): Promise<PacketConn> {
    const { address, secret } = this.#servers.next();
    const server: Destination = { ...address, network: 'udp' };
    const path = await this.#context.dialer.openPackets(session, server);
    return new ShadowsocksPackets(path, server, secret, this.#packets);
  }
}
