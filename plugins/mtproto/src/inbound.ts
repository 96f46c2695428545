import {
  SluiceError,
  type Counter,
  type Endpoint,
  type Inbound,
  type InboundContext,
  type Link,
  type Session,
} from '@sluice/plugin-api';
import { connectToDataCenter } from './data-centers/connect.js';
import { DataCenters } from './data-centers/data-centers.js';
import { HEADER_LENGTH, hasForbiddenStart } from './obfuscation/header.js';
import { pushDataCenterLayer } from './obfuscation/data-center-layer.js';
import type { InboundSettings } from './schema.js';
import { announcedLinks } from './share-link.js';
import { readInSilence } from './silence.js';
import { setTelegramRequest, TelegramRequest } from './telegram-request.js';
import { configuredUsers } from './configured-users.js';
import { Users, type MtprotoUser, type OpenedBy } from './users.js';

/** Takes Telegram clients' connections and hands them on to the data centre that they ask for. */
export class MtprotoInbound implements Inbound {
  readonly #context: InboundContext<InboundSettings>;
  readonly #configured: readonly MtprotoUser[];
  readonly #users: Users;
  readonly #dataCenters: DataCenters;
  readonly #refused: Counter;

  /** @throws SluiceError E_CONFIG_INVALID, E_ADDRESS_INVALID for settings that were not checked */
  constructor(context: InboundContext<InboundSettings>) {
    this.#context = context;
    this.#configured = configuredUsers(context.settings);
    this.#users = new Users(this.#configured);
    const { dataCenters, addressFamily } = context.settings;
    this.#dataCenters = new DataCenters(dataCenters, addressFamily, context.logger);
    this.#refused = context.stats.counter(`inbound>>>${context.tag}>>>handshake>>>refused`);
  }

  async accept(link: Link, session: Session): Promise<void> {
    const header = await link.reader.readExactly(HEADER_LENGTH);
    const opened = this.#open(header, session);
    if (opened instanceof SluiceError) {
      this.#refused.add(1);
      await readInSilence(link.reader);
      throw opened;
    }
    const { user, client } = opened;
    session.user = user;
    const payloadWaits = link.reader.buffered.length > 0;
    const { health } = this.#dataCenters;
    const request = new TelegramRequest(client, this.#dataCenters.addresses(client.dc), health, payloadWaits);
    setTelegramRequest(session, request);
    const upstream = await connectToDataCenter(this.#context.dispatcher, session, link, request);
    setTelegramRequest(session, undefined);
    // Routed to an outbound that does not know of Telegram: its link leads to the data centre all the same.
    if (!request.claimed) pushDataCenterLayer(upstream, client, { fast: true, payloadWaits });
    this.#context.dispatcher.relay(session, link, upstream);
  }

  announce(listening: readonly Endpoint[]): readonly string[] {
    return announcedLinks(this.#configured, listening);
  }

  /** Whose connection it is, or why it is nobody's. */
  #open(header: Buffer, session: Session): OpenedBy | SluiceError {
    if (hasForbiddenStart(header)) {
      return new SluiceError('E_AUTH', 'the peer speaks another protocol than a Telegram client');
    }
    const opened = this.#users.open(header, session);
    if (opened === undefined) return new SluiceError('E_AUTH', "no user's secret opens the handshake");
    const { user, client } = opened;
    if (user.secret.mode === 'tls') {
      return new SluiceError('E_AUTH', 'a client uses a secret for fake TLS without that');
    }
    if (user.secret.mode === 'padded' && client.framing !== 'padded') {
      const who = user.email === undefined ? 'a user' : `user ${user.email}`;
      return new SluiceError('E_AUTH', `a client of ${who} uses the ${client.framing} framing under a "dd" secret`);
    }
    return opened;
  }
}
