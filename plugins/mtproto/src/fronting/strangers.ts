import {
  SluiceError,
  type Counter,
  type Destination,
  type InboundContext,
  type Link,
  type Session,
  type SessionObserver,
} from '@sluice/plugin-api';
import type { Stranger, StrangerReason } from '../handshake/stranger.js';
import { encodeProxyHeader } from '../proxy-protocol/encode.js';
import { readInSilence } from '../silence.js';
import type { FrontedHosts } from './fronted-hosts.js';
import { DEFAULT_MAX_FRONTED, type FrontingSettings, type StrangersSetting } from './settings.js';

export interface StrangersOptions {
  /** Undefined: nobody is led anywhere. */
  readonly hosts: FrontedHosts | undefined;
  readonly fronting: FrontingSettings;
  readonly strangers: StrangersSetting;
}

/** Deals with connections that are not a user's, and counts why they are not. */
export class Strangers implements SessionObserver {
  readonly #context: Pick<InboundContext, 'tag' | 'dispatcher' | 'stats' | 'logger'>;
  readonly #options: StrangersOptions;
  readonly #maxFronted: number;
  readonly #refused: Counter;
  readonly #byReason = new Map<StrangerReason, Counter>();
  #fronted = 0;

  constructor(context: Pick<InboundContext, 'tag' | 'dispatcher' | 'stats' | 'logger'>, options: StrangersOptions) {
    this.#context = context;
    this.#options = options;
    this.#maxFronted = options.fronting.maxConnections ?? DEFAULT_MAX_FRONTED;
    this.#refused = context.stats.counter(`inbound>>>${context.tag}>>>handshake>>>refused`);
  }

  /** Whether any are led on. */
  get leadOn(): boolean {
    return this.#options.hosts !== undefined;
  }

  /**
   * Takes over a connection whose bytes are all still in its reader.
   * @throws SluiceError the stranger's own, or that of the way to the fronted host
   */
  async take(link: Link, session: Session, stranger: Stranger): Promise<void> {
    this.#count(stranger.reason);
    const host = this.#options.hosts?.of(stranger.serverName);
    if (host !== undefined && this.#fronted < this.#maxFronted) {
      await this.#leadOn(link, session, stranger, host);
      return;
    }
    if (this.#options.strangers === 'drain') await readInSilence(link.reader);
    throw stranger.error;
  }

  sessionEnded(): void {
    this.#fronted -= 1;
  }

  async #leadOn(link: Link, session: Session, stranger: Stranger, host: Destination): Promise<void> {
    this.#fronted += 1;
    session.onEnd(this);
    const { dispatcher, logger } = this.#context;
    logger.info(`led on to the fronted host: ${stranger.error.message}`, {
      source: session.source.address,
      reason: stranger.reason,
    });
    const upstream = await dispatcher.connect(session, host, { byConfiguration: true });
    if (link.conn.destroyed) {
      upstream.destroy();
      throw link.reader.failure ?? new SluiceError('E_CONN_CLOSED', 'the peer left before the fronted host answered');
    }
    const version = this.#options.fronting.proxyProtocol ?? 0;
    if (version !== 0) upstream.write(encodeProxyHeader(version, session.source, session.local));
    dispatcher.relay(session, link, upstream);
  }

  #count(reason: StrangerReason): void {
    this.#refused.add(1);
    let counter = this.#byReason.get(reason);
    if (counter === undefined) {
      const { tag, stats } = this.#context;
      counter = stats.counter(`inbound>>>${tag}>>>handshake>>>refused>>>${reason}`);
      this.#byReason.set(reason, counter);
    }
    counter.add(1);
  }
}
