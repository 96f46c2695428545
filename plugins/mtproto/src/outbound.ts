import {
  SluiceError,
  type Destination,
  type Link,
  type Outbound,
  type OutboundContext,
  type Session,
} from '@sluice/plugin-api';
import type { Addresses } from './data-centers/addresses.js';
import { MiddleProxyPool } from './middle-proxy/middle-proxy-pool.js';
import { poolDial } from './middle-proxy/pool-dial.js';
import { pushDataCenterLayer } from './obfuscation/data-center-layer.js';
import type { OutboundSettings } from './schema.js';
import { taggedRequest, telegramRequest, type TelegramRequest } from './telegram-request.js';

const PROTOCOL = 'mtproto';

/**
 * Connects Telegram clients that an mtproto inbound has let in to their data centre, and whatever
 * else such an inbound connects (the site that it looks like, a middle proxy) to where it is bound.
 */
export class MtprotoOutbound implements Outbound {
  readonly #context: OutboundContext<OutboundSettings>;
  readonly #fast: boolean;
  readonly #middleProxies: MiddleProxyPool;

  constructor(context: OutboundContext<OutboundSettings>) {
    this.#context = context;
    this.#fast = context.settings.fastMode ?? true;
    const { plane, logger } = context;
    this.#middleProxies = new MiddleProxyPool({ plane, logger, dial: poolDial(context) });
  }

  close(): void {
    this.#middleProxies.close();
  }

  async connect(session: Session, to: Destination): Promise<Link> {
    const tagged = taggedRequest(session);
    if (tagged !== undefined && to === tagged.target.preferred) {
      tagged.claimed = true;
      return this.#middleProxies.connect(tagged.target, tagged.client, session.signal);
    }
    const request = telegramRequest(session);
    const addresses = request?.addressesFrom(to);
    if (request !== undefined && addresses !== undefined) return this.#toTelegram(session, request, addresses);
    // A configuration that sends all of an mtproto inbound here means these, too.
    if (session.inboundProtocol === PROTOCOL) return this.#context.dialer.dial(session, to);
    throw new SluiceError('E_UNSUPPORTED', 'the mtproto outbound takes only connections of an mtproto inbound');
  }

  async #toTelegram(session: Session, request: TelegramRequest, addresses: Addresses): Promise<Link> {
    request.claim();
    try {
      const link = await this.#context.dialer.dialAny(session, addresses, request.health);
      pushDataCenterLayer(link, request.client, { fast: this.#fast, payloadWaits: request.payloadWaits });
      return link;
    } catch (error) {
      request.unclaim();
      throw error;
    }
  }
}
