import {
  SluiceError,
  type Endpoint,
  type Inbound,
  type InboundContext,
  type InboundUsers,
  type Link,
  type Session,
  type TcpOptions,
} from '@sluice/plugin-api';
import { acceptedBy, type Accepted } from './accepted.js';
import { configuredUsers } from './configured-users.js';
import { FrontedHosts } from './fronting/fronted-hosts.js';
import { HostProfiles } from './fronting/host-profiles.js';
import { Strangers } from './fronting/strangers.js';
import { ClientHandshake } from './handshake/client-handshake.js';
import { ProxiedSources } from './handshake/proxied-sources.js';
import { Stranger } from './handshake/stranger.js';
import { Limits } from './limits/limits.js';
import { LocalReplayFilter } from './replay/local-replay-filter.js';
import { revokedUsers } from './revoked-users.js';
import { RunningUsers } from './running-users.js';
import { DEFAULT_TIME_WINDOW, type InboundSettings } from './schema.js';
import { announcedLinks } from './share-link.js';
import { Telegram } from './telegram.js';
import { tcpOptions } from './tcp/settings.js';
import { Users, type MtprotoUser, type OpenedBy } from './users.js';

/** Takes Telegram clients' connections and hands them on to the data centre that they ask for. */
export class MtprotoInbound implements Inbound {
  readonly #context: InboundContext<InboundSettings>;
  readonly #configured: readonly MtprotoUser[];
  readonly #accepted: Accepted;
  readonly #users: Users;
  readonly users: InboundUsers;
  readonly #limits: Limits;
  readonly #telegram: Telegram;
  readonly #replay: LocalReplayFilter;
  readonly #proxied: ProxiedSources | undefined;
  readonly #tcp: TcpOptions;
  readonly #handshake: ClientHandshake;
  readonly #profiles: HostProfiles;
  readonly #strangers: Strangers;
  /** Whose place this one takes, until that is certain. */
  #previous: MtprotoInbound | undefined;
  /** Users of that one who may not come any more. */
  #gone: readonly MtprotoUser[] = [];

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
    this.users = new RunningUsers(settings, this.#users, {
      added: (user) => this.#welcome(user),
      removed: (user) => this.#limits.remove(user),
    });
    this.#telegram = new Telegram(context);
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

  succeed(previous: Inbound): readonly string[] {
    if (!(previous instanceof MtprotoInbound)) return [];
    this.#previous = previous;
    this.#limits.succeed(previous.#limits);
    this.#replay.succeed(previous.#replay);
    this.#users.recall(previous.#users);
    this.#profiles.recall(previous.#profiles, this.#users.serverNames);
    this.#telegram.recall(previous.#telegram);
    const { gone, emails } = revokedUsers(
      { users: previous.#users, accepted: previous.#accepted },
      { users: this.#users, accepted: this.#accepted },
    );
    this.#gone = gone;
    return emails;
  }

  async start(): Promise<void> {
    await this.#limits.start();
    await this.#replay.start();
    this.#telegram.start();
    if (this.#users.takeTls) this.#profiles.start(this.#users.serverNames);
    const previous = this.#previous;
    if (previous !== undefined) previous.#stepBack(this.#gone);
  }

  async close(): Promise<void> {
    const previous = this.#previous;
    if (previous !== undefined) previous.#comeBack(this.#gone);
    this.#settleIn();
    this.#profiles.close();
    this.#telegram.close();
    await this.#replay.close();
    await this.#limits.close();
  }

  async accept(link: Link, session: Session): Promise<void> {
    // Connections come here, so the one before has made way for good.
    if (this.#previous !== undefined) this.#settleIn();
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

  /** Another one takes the place of this one: nobody who is gone there may still get in here. */
  #stepBack(gone: readonly MtprotoUser[]): void {
    this.#settleIn();
    for (const user of gone) this.#users.remove(user);
    this.#profiles.rest();
    this.#telegram.rest();
  }

  /** The other one has come to nothing. */
  #comeBack(gone: readonly MtprotoUser[]): void {
    for (const user of gone) this.#users.add(user);
    this.#telegram.resume();
    if (this.#users.takeTls) this.#profiles.start(this.#users.serverNames);
  }

  /** Lets go of the one before: links from one to the next would keep all of them for ever. */
  #settleIn(): void {
    this.#previous = undefined;
    this.#gone = [];
  }

  /** For a user who comes while the inbound runs. */
  #welcome(user: MtprotoUser): void {
    this.#limits.add(user);
    if (user.adTag !== undefined) this.#telegram.expectTags();
    for (const name of this.#users.namesOf(user)) this.#profiles.learn(name);
  }

  async #serve(link: Link, session: Session, { user, client }: OpenedBy): Promise<void> {
    if (!this.#users.has(user)) throw new SluiceError('E_AUTH', 'the user is gone');
    session.user = user;
    const meters = this.#limits.of(user)?.admit(session, session.source.address);
    if (meters instanceof SluiceError) throw meters;
    const upstream = await this.#telegram.connect(link, session, client, user.adTag);
    upstream.tcp = this.#tcp;
    this.#context.dispatcher.relay(session, link, upstream, meters);
  }
}
