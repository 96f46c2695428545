import type { Buffer } from 'node:buffer';
import { toSluiceError, type InboundContext, type Link, type Session } from '@sluice/plugin-api';
import { connectToDataCenter } from './data-centers/connect.js';
import { DataCenters } from './data-centers/data-centers.js';
import { hasAdTag } from './middle-proxy/check.js';
import { MiddleProxies } from './middle-proxy/middle-proxies.js';
import type { MiddleProxyTarget } from './middle-proxy/middle-proxy-target.js';
import { speakMiddleProxy } from './middle-proxy/sole-connection.js';
import type { ClientLayer } from './obfuscation/client-layer.js';
import { pushDataCenterLayer } from './obfuscation/data-center-layer.js';
import type { InboundSettings } from './schema.js';
import { setTaggedRequest, setTelegramRequest, TelegramRequest, type TaggedRequest } from './telegram-request.js';

/** Errors that another way does not mend. */
const FINAL: ReadonlySet<string> = new Set(['E_BLOCKED', 'E_CLOSING', 'E_NO_OUTBOUND']);

/** An inbound's ways to Telegram: its data centres, and the middle proxies in front of them. */
export class Telegram {
  readonly #context: InboundContext<InboundSettings>;
  readonly #dataCenters: DataCenters;
  /** Undefined while no user has an ad tag. */
  #middleProxies: MiddleProxies | undefined;

  /** Without side effects. @throws SluiceError E_ADDRESS_INVALID for settings that were not checked */
  constructor(context: InboundContext<InboundSettings>) {
    const { settings, logger } = context;
    this.#context = context;
    this.#dataCenters = new DataCenters(settings.dataCenters, settings.addressFamily, logger);
    if (hasAdTag(settings)) this.#middleProxies = this.#makeMiddleProxies();
  }

  start(): void {
    this.#middleProxies?.start();
  }

  close(): void {
    this.#middleProxies?.close();
  }

  /** Keeps nothing up to date until {@link resume}; what is known serves on. */
  rest(): void {
    this.#middleProxies?.rest();
  }

  resume(): void {
    this.#middleProxies?.resume();
  }

  /** A user with an ad tag may come from now on. */
  expectTags(): void {
    if (this.#middleProxies !== undefined) return;
    this.#middleProxies = this.#makeMiddleProxies();
    this.#middleProxies.start();
  }

  /** Goes on with what another one knows of the middle proxies. To be called before the start. */
  recall(previous: Telegram): void {
    const theirs = previous.#middleProxies;
    if (theirs !== undefined) this.#middleProxies?.recall(theirs);
  }

  /** @param adTag 16 bytes */
  connect(link: Link, session: Session, client: ClientLayer, adTag: Buffer | undefined): Promise<Link> {
    const target = adTag === undefined ? undefined : this.#middleProxies?.requestFor(client.dc, adTag);
    return target === undefined
      ? this.#toDataCenter(link, session, client)
      : this.#toMiddleProxy(link, session, client, target);
  }

  async #toDataCenter(link: Link, session: Session, client: ClientLayer): Promise<Link> {
    const payloadWaits = link.reader.buffered.length > 0;
    const { health } = this.#dataCenters;
    const request = new TelegramRequest(client, this.#dataCenters.addresses(client.dc), health, payloadWaits);
    setTelegramRequest(session, request);
    const upstream = await connectToDataCenter(this.#context.dispatcher, session, link, request);
    setTelegramRequest(session, undefined);
    // Routed to an outbound that does not know of Telegram: its link leads to the data centre all the same.
    if (!request.claimed) pushDataCenterLayer(upstream, client, { fast: true, payloadWaits });
    return upstream;
  }

  /** Directly where no middle proxy can be used: a proxy that works comes before a promotion. */
  async #toMiddleProxy(link: Link, session: Session, layer: ClientLayer, target: MiddleProxyTarget): Promise<Link> {
    const { dispatcher, plane, logger } = this.#context;
    const client = { layer, source: session.source, local: session.local };
    const request: TaggedRequest = { target, client, claimed: false };
    setTaggedRequest(session, request);
    try {
      const upstream = await dispatcher.connect(session, target.preferred);
      return request.claimed ? upstream : await speakMiddleProxy(plane, upstream, target, client);
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (link.conn.destroyed || FINAL.has(error.code)) throw error;
      if (!request.claimed) target.failed(target.preferred);
      logger.info(`goes past the middle proxies: ${error.message}`, { code: error.code });
    } finally {
      setTaggedRequest(session, undefined);
    }
    return this.#toDataCenter(link, session, layer);
  }

  #makeMiddleProxies(): MiddleProxies {
    const { settings, tag, dispatcher, logger, stats } = this.#context;
    const { middleProxy = {}, addressFamily = 'prefer-ipv4' } = settings;
    return new MiddleProxies({ settings: middleProxy, addressFamily, tag, dispatcher, logger, stats });
  }
}
