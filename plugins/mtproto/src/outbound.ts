import {
  formatHostPort,
  isUnreachable,
  SluiceError,
  toSluiceError,
  type Destination,
  type Link,
  type Outbound,
  type OutboundContext,
  type Session,
} from '@sluice/plugin-api';
import { pushDataCenterLayer } from './obfuscation/data-center-layer.js';
import type { OutboundSettings } from './schema.js';
import { telegramRequest } from './telegram-request.js';

/** Connects Telegram clients that an mtproto inbound has let in to their data centre. */
export class MtprotoOutbound implements Outbound {
  readonly #context: OutboundContext<OutboundSettings>;
  readonly #fast: boolean;

  constructor(context: OutboundContext<OutboundSettings>) {
    this.#context = context;
    this.#fast = context.settings.fastMode ?? true;
  }

  async connect(session: Session, to: Destination): Promise<Link> {
    const request = telegramRequest(session);
    if (request === undefined) {
      throw new SluiceError('E_UNSUPPORTED', 'the mtproto outbound takes only connections of an mtproto inbound');
    }
    request.claim();
    try {
      const link = await this.#dial(session, to, request.alternatives);
      pushDataCenterLayer(link, request.client, { fast: this.#fast, payloadWaits: request.payloadWaits });
      return link;
    } catch (error) {
      request.unclaim();
      throw error;
    }
  }

  /** The first address that answers; if none does, the error of the first. */
  async #dial(session: Session, to: Destination, alternatives: readonly Destination[]): Promise<Link> {
    const { dialer, logger } = this.#context;
    try {
      return await dialer.dial(session, to);
    } catch (thrown) {
      const first = toSluiceError(thrown);
      let failed = to;
      let error = first;
      for (const next of alternatives) {
        if (!isUnreachable(error) && error.code !== 'E_UPSTREAM_REJECTED') break;
        logger.debug(`${formatHostPort(failed.host, failed.port)} cannot be reached, trying the next address`, {
          code: error.code,
        });
        try {
          return await dialer.dial(session, next);
        } catch (again) {
          failed = next;
          error = toSluiceError(again);
        }
      }
      throw first;
    }
  }
}
