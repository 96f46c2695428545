import type { Counter, InboundContext, Link, RelayTimeouts, Session } from '@sluice/plugin-api';
import type { Stranger, StrangerReason } from '../handshake/stranger.js';
import { encodeProxyHeader } from '../proxy-protocol/encode.js';
import { readInSilence } from '../silence.js';
import type { FrontedHosts } from './fronted-hosts.js';
import { Shadow } from './shadow.js';
import { Slots } from './slots.js';
import { DEFAULT_MAX_FRONTED, type FrontingSettings, type StrangersSetting } from './settings.js';

type StrangersContext = Pick<InboundContext, 'tag' | 'dispatcher' | 'stats' | 'logger' | 'plane' | 'policy'>;

export interface StrangersOptions {
  /** Undefined: nobody is led anywhere. */
  readonly hosts: FrontedHosts | undefined;
  readonly fronting: FrontingSettings;
  readonly strangers: StrangersSetting;
}

/** Deals with connections that are not a user's, and counts why they are not. */
export class Strangers {
  readonly #context: StrangersContext;
  readonly #options: StrangersOptions;
  readonly #slots: Slots;
  /** The silent may have half, so that a flood of them leaves room for those who ask for the site. */
  readonly #silentSlots: Slots;
  readonly #timeouts: RelayTimeouts;
  readonly #refused: Counter;
  readonly #byReason = new Map<StrangerReason, Counter>();

  constructor(context: StrangersContext, options: StrangersOptions) {
    this.#context = context;
    this.#options = options;
    const { maxConnections = DEFAULT_MAX_FRONTED } = options.fronting;
    this.#slots = new Slots(maxConnections);
    this.#silentSlots = new Slots(Math.ceil(maxConnections / 2), this.#slots);
    const { connIdle } = context.policy.level(0);
    // How long a half-closed connection lasts is the host's to say.
    this.#timeouts = { connIdle, uplinkOnly: connIdle, downlinkOnly: connIdle };
    this.#refused = context.stats.counter(`inbound>>>${context.tag}>>>handshake>>>refused`);
  }

  /** Whether any are led on. */
  get leadOn(): boolean {
    return this.#options.hosts !== undefined;
  }

  /**
   * To be begun before it is known whose the client is, and given to {@link take} or dropped.
   * @param hostSpoke called when the host has sent something or its end before that
   */
  shadow(session: Session, hostSpoke: () => void): Shadow | undefined {
    const host = this.#options.hosts?.of(undefined);
    return host === undefined
      ? undefined
      : new Shadow(this.#context, session, host, { slots: this.#silentSlots, hostSpoke });
  }

  /**
   * Takes over a connection whose bytes are all still in its reader.
   * @throws SluiceError the stranger's own, or that of the way to the fronted host
   */
  async take(link: Link, session: Session, stranger: Stranger, shadow?: Shadow): Promise<void> {
    this.#count(stranger.reason);
    const host = this.#options.hosts?.of(stranger.serverName);
    const slots = stranger.reason === 'timeout' ? this.#silentSlots : this.#slots;
    const shadowed = await shadow?.claim(host);
    if (link.conn.destroyed && shadowed === undefined) throw stranger.error;
    if (shadowed !== undefined) {
      const { visit, upstream } = shadowed;
      const isOver = new Promise<void>((resolve) => visit.onEnd({ sessionEnded: () => resolve() }));
      this.#join(link, visit, upstream, stranger);
      await isOver;
    } else if (host !== undefined && slots.take()) {
      session.onEnd(slots);
      const upstream = await this.#context.dispatcher.connect(session, host, { byConfiguration: true });
      this.#join(link, session, upstream, stranger);
    } else {
      // Whoever is here because the time is up has none left.
      if (this.#options.strangers === 'drain' && stranger.reason !== 'timeout') await readInSilence(link.reader);
      throw stranger.error;
    }
  }

  #join(link: Link, session: Session, upstream: Link, stranger: Stranger): void {
    const { dispatcher, logger } = this.#context;
    logger.info(`led on to the fronted host: ${stranger.error.message}`, {
      source: session.source.address,
      reason: stranger.reason,
    });
    const version = this.#options.fronting.proxyProtocol ?? 0;
    if (version !== 0) upstream.write(encodeProxyHeader(version, session.source, session.local));
    dispatcher.relay(session, link, upstream, { timeouts: this.#timeouts });
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
