import {
  SluiceError,
  toSluiceError,
  type Endpoint,
  type Inbound,
  type InboundContext,
  type Link,
  type Session,
  type TcpOptions,
} from '@sluice/plugin-api';
import { configuredUsers } from './configured-users.js';
import { connectToDataCenter } from './data-centers/connect.js';
import { DataCenters } from './data-centers/data-centers.js';
import { FrontedHosts } from './fronting/fronted-hosts.js';
import { HostProfiles } from './fronting/host-profiles.js';
import { Strangers } from './fronting/strangers.js';
import { ClientHandshake } from './handshake/client-handshake.js';
import { ProxiedSources } from './handshake/proxied-sources.js';
import { Stranger } from './handshake/stranger.js';
import { Limits } from './limits/limits.js';
import { hasAdTag } from './middle-proxy/check.js';
import { MiddleProxies } from './middle-proxy/middle-proxies.js';
import type { MiddleProxyTarget } from './middle-proxy/middle-proxy-target.js';
import { speakMiddleProxy } from './middle-proxy/sole-connection.js';
import type { ClientLayer } from './obfuscation/client-layer.js';
import { pushDataCenterLayer } from './obfuscation/data-center-layer.js';
import { LocalReplayFilter } from './replay/local-replay-filter.js';
import { DEFAULT_TIME_WINDOW, type InboundSettings } from './schema.js';
import { announcedLinks } from './share-link.js';
import { tcpOptions } from './tcp/settings.js';
import { setTaggedRequest, setTelegramRequest, TelegramRequest, type TaggedRequest } from './telegram-request.js';
import { acceptedBy, Users, type Accepted, type MtprotoUser, type OpenedBy } from './users.js';

/** Errors that another way does not mend. */
const FINAL: ReadonlySet<string> = new Set(['E_BLOCKED', 'E_CLOSING', 'E_NO_OUTBOUND']);

/** Takes Telegram clients' connections and hands them on to the data centre that they ask for. */
export class MtprotoInbound implements Inbound {
  readonly #context: InboundContext<InboundSettings>;
  readonly #configured: readonly MtprotoUser[];
  readonly #accepted: Accepted;
  readonly #users: Users;
  readonly #limits: Limits;
  readonly #dataCenters: DataCenters;
  readonly #middleProxies: MiddleProxies | undefined;
  readonly #replay: LocalReplayFilter;
  readonly #proxied: ProxiedSources | undefined;
  readonly #tcp: TcpOptions;
  readonly #handshake: ClientHandshake;
  readonly #profiles: HostProfiles;
  readonly #strangers: Strangers;

  /** @throws SluiceError E_CONFIG_INVALID, E_ADDRESS_INVALID for settings that were not checked */
  constructor(context: InboundContext<InboundSettings>) {
    const { settings, tag, plane, dispatcher, logger, stats } = context;
    const { tls = {}, fronting, strangers = 'drain', replay = {}, proxyProtocol } = settings;
    const timeWindow = tls.timeWindow ?? DEFAULT_TIME_WINDOW;
    this.#context = context;
    this.#configured = configuredUsers(settings);
    this.#accepted = acceptedBy(this.#configured, { ...tls, ...settings });
    this.#users = new Users(this.#configured, this.#accepted);
    this.#limits = new Limits(this.#configured, { tag, stats, logger, timers: plane.timers }, settings.usageFile);
    const { dataCenters, addressFamily = 'prefer-ipv4', middleProxy = {} } = settings;
    this.#dataCenters = new DataCenters(dataCenters, addressFamily, logger);
    this.#middleProxies = hasAdTag(settings)
      ? new MiddleProxies({ settings: middleProxy, addressFamily, tag, dispatcher, logger, stats })
      : undefined;
    this.#replay = new LocalReplayFilter(replay, timeWindow, { tag, stats, logger, timers: plane.timers });
    this.#proxied = proxyProtocol === undefined ? undefined : new ProxiedSources(proxyProtocol);
    this.#tcp = tcpOptions(settings.tcp);
    const hosts = fronting === undefined ? undefined : new FrontedHosts(fronting);
    this.#profiles = new HostProfiles(hosts, fronting ?? {}, { tag, plane, dispatcher, logger });
    this.#strangers = new Strangers(context, { hosts, fronting: fronting ?? {}, strangers });
    this.#handshake = new ClientHandshake({
      users: this.#users,
      replay: this.#replay,
      timeWindow: { past: timeWindow, future: timeWindow },
      profileOf: (serverName) => this.#profiles.of(serverName),
      leadsOn: this.#strangers.leadOn,
    });
  }

  async start(): Promise<void> {
    await this.#limits.start();
    await this.#replay.start();
    this.#middleProxies?.start();
    if (this.#users.takeTls) this.#profiles.start(this.#users.serverNames);
  }

  async close(): Promise<void> {
    this.#profiles.close();
    this.#middleProxies?.close();
    await this.#replay.close();
    await this.#limits.close();
  }

  async accept(link: Link, session: Session): Promise<void> {
    link.tcp = this.#tcp;
    if (this.#proxied?.has(session) === true) await this.#proxied.identify(link, session);
    if (this.#strangers.leadOn) {
      await this.#openInTime(link, session);
      return;
    }
    const opened = await this.#handshake.open(link, session);
    if (opened instanceof Stranger) await this.#strangers.take(link, session, opened);
    else await this.#serve(link, session, opened);
  }

  announce(listening: readonly Endpoint[]): readonly string[] {
    return announcedLinks(this.#configured, this.#accepted, listening);
  }

  /** The runtime would cut off who is late; here they are led on. */
  async #openInTime(link: Link, session: Session): Promise<void> {
    const { plane, policy } = this.#context;
    session.established();
    const late = new SluiceError('E_HANDSHAKE_TIMEOUT', 'the client did not complete its handshake in time');
    // It goes on beside a stranger: whoever is not led anywhere is not read from for longer, either.
    const timer = plane.timers.after(policy.level(0).handshake, () => link.reader.expire(late));
    const shadow = this.#strangers.shadow(session, () => {
      // On closing, the host's connection ends as well; the client's own reason is the one to tell.
      if (!link.conn.destroyed) link.reader.giveUp(late);
    });
    try {
      const opened = await this.#handshake.open(link, session, () => shadow?.drop());
      if (opened instanceof Stranger) {
        await this.#strangers.take(link, session, opened, shadow);
        return;
      }
      plane.timers.cancel(timer);
      shadow?.drop();
      await this.#serve(link, session, opened);
    } finally {
      plane.timers.cancel(timer);
      shadow?.drop();
    }
  }

  async #serve(link: Link, session: Session, { user, client }: OpenedBy): Promise<void> {
    session.user = user;
    const meters = this.#limits.of(user)?.admit(session, session.source.address);
    if (meters instanceof SluiceError) throw meters;
    const { adTag } = user;
    const target = adTag === undefined ? undefined : this.#middleProxies?.requestFor(client.dc, adTag);
    const upstream =
      target === undefined
        ? await this.#toDataCenter(link, session, client)
        : await this.#toMiddleProxy(link, session, client, target);
    upstream.tcp = this.#tcp;
    this.#context.dispatcher.relay(session, link, upstream, meters);
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
}
