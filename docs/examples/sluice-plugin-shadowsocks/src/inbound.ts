import type { Buffer } from 'node:buffer';
import {
  SluiceError,
  type Counter,
  type Endpoint,
  type Inbound,
  type InboundContext,
  type Link,
  type Session,
  type User,
} from '@sluice/plugin-api';
import { readAddress } from './address.js';
import { Opener, TAG } from './aead.js';
import { ChunkDecoder, ChunkEncoder, LENGTH_BOX, payloadLength } from './codec.js';
import { Secret } from './method.js';
import { openPacket, sealPacket } from './packet.js';
import { SaltFilter } from './salt-filter.js';
import type { InboundSettings } from './schema.js';
import { readInSilence } from './silence.js';

/** A Shadowsocks server. */
export class ShadowsocksInbound implements Inbound {
  readonly level: number;
  readonly #context: InboundContext<InboundSettings>;
  readonly #secret: Secret;
  readonly #user: User;
  readonly #refused: Counter;
  /** Salts of streams: the clients', and our own, so that what we say cannot be sent back to us. */
  #streams = new SaltFilter();
  #packets = new SaltFilter();

  constructor(context: InboundContext<InboundSettings>) {
    const { method, password, email, level = 0 } = context.settings;
    this.#context = context;
    this.#secret = new Secret(method, password);
    this.#user = { level, email };
    this.level = level;
    this.#refused = context.stats.counter(`inbound>>>${context.tag}>>>handshake>>>refused`);
  }

  /** What was seen stays seen; whoever came by another password goes. */
  succeed(previous: Inbound): readonly string[] {
    if (!(previous instanceof ShadowsocksInbound)) return [];
    this.#streams = previous.#streams;
    this.#packets = previous.#packets;
    const { email } = previous.#user;
    return email === undefined || previous.#secret.equals(this.#secret) ? [] : [email];
  }

  async accept(link: Link, session: Session): Promise<void> {
    try {
      await this.#open(link);
    } catch (error) {
      this.#refused.add(1);
      await readInSilence(link.reader);
      throw error;
    }
    session.user = this.#user;
    const to = await readAddress(link.reader);
    session.established();
    const salt = this.#secret.newSalt();
    this.#streams.add(salt);
    link.push({ encode: new ChunkEncoder(this.#secret, salt) });
    const { dispatcher } = this.#context;
    const upstream = await dispatcher.connect(session, to, { client: link });
    dispatcher.relay(session, link, upstream);
  }

  packet(packet: Buffer, source: Endpoint, local: Endpoint, reply: (payload: Buffer) => void): void {
    const opened = openPacket(this.#secret, this.#packets, packet);
    if (opened === undefined || opened.to.port === 0) {
      this.#refused.add(1);
      return;
    }
    const { to, payload } = opened;
    this.#context.packets.send({ source, local, to, payload, user: this.#user }, (answer, { address, port }) =>
      reply(sealPacket(this.#secret, this.#packets, address, port, answer)),
    );
  }

  /**
   * Reads as much as proves that the client knows the password and is no replay. The first chunk is opened
   * here and not by the codec: a codec that fails ends the connection at once, which strangers could see.
   */
  async #open(link: Link): Promise<void> {
    const { reader } = link;
    const salt = await reader.readExactly(this.#secret.method.keyLength);
    const opener = new Opener(this.#secret, salt);
    const length = opener.open(await reader.readExactly(LENGTH_BOX));
    if (length === undefined) throw new SluiceError('E_AUTH', 'the client has another password or method');
    if (!this.#streams.add(salt)) throw new SluiceError('E_AUTH', 'the client replays what another one has sent');
    const payload = opener.open(await reader.readExactly(payloadLength(length) + TAG));
    if (payload === undefined) throw new SluiceError('E_AUTH', 'the first chunk was changed on its way');
    link.push({ decode: new ChunkDecoder(opener) });
    reader.unread(payload);
  }
}
