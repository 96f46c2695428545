import type { InboundConfig } from '@sluice/config';
import {
  formatEndpoint,
  Link,
  SluiceError,
  toSluiceError,
  type Conn,
  type DataPlane,
  type Endpoint,
  type Inbound,
  type InboundUsers,
  type InboundView,
  type Logger,
  type Network,
  type Policy,
  type TimerEntry,
} from '@sluice/plugin-api';
import type { InboundIdentity } from '../dispatch/flow-session.js';
import type { PacketFlows } from '../dispatch/packet-flows.js';
import type { SessionCount } from '../dispatch/session-count.js';
import { SessionRunner } from '../dispatch/session-runner.js';
import type { SessionTable } from '../dispatch/session-table.js';
import type { AccessLog } from '../log/access-log.js';
import type { Sniffing } from '../sniffing/sniffing.js';
import type { TrafficPair } from '../stats/traffic-counters.js';
import { ListeningPort, type PortOwner } from './listening-port.js';

export interface InboundServices {
  readonly plane: DataPlane;
  readonly policy: Policy;
  readonly sessions: SessionTable;
  readonly accessLog: AccessLog;
  readonly logger: Logger;
}

/** Connections that may wait for an inbound that is about to begin. */
const MAX_EARLY = 1024;

export interface InboundParts {
  readonly inbound: Inbound;
  readonly networks: readonly Network[];
  readonly packets: PacketFlows;
  readonly count: SessionCount;
  readonly sniffing: Sniffing | undefined;
}

/** Connections that could not be accepted are counted for this long before the log says so, in ms. */
const TURN_AWAY_REPORT_MS = 500;

/** Where an inbound listens. */
export interface Listening {
  readonly network: Network;
  readonly endpoint: Endpoint;
}

/** A configured inbound: listens, and gives every accepted connection its session. */
export class InboundWorker implements InboundIdentity, InboundView, PortOwner {
  readonly tag: string;
  readonly protocol: string;
  readonly config: InboundConfig;
  readonly sniffing: Sniffing | undefined;
  readonly count: SessionCount;
  /** What counts its connections from now on. */
  traffic: TrafficPair = { uplink: undefined, downlink: undefined };
  readonly #inbound: Inbound;
  readonly #networks: readonly Network[];
  readonly #services: InboundServices;
  readonly #runner: SessionRunner;
  readonly #packets: PacketFlows;
  #ports = new Map<string, ListeningPort>();
  /** Ports that it will have from others, by their keys. */
  readonly #promised = new Map<string, InboundWorker>();
  /** Ports of others that had to be closed for its own. */
  readonly #displaced: ListeningPort[] = [];
  /** Connections that came before everything they need was in its place; undefined from then on. */
  #early: Conn[] | undefined = [];
  #closing = false;
  #turnedAway = 0;
  #turnAwayReport: TimerEntry | undefined;

  /** @param parts what the protocol's plugin has made of the configuration, and what looks into its connections */
  constructor(config: InboundConfig, parts: InboundParts, services: InboundServices) {
    this.tag = config.tag;
    this.protocol = config.protocol;
    this.config = config;
    this.sniffing = parts.sniffing;
    this.count = parts.count;
    this.#inbound = parts.inbound;
    this.#networks = parts.networks;
    this.#packets = parts.packets;
    this.#services = services;
    this.#runner = new SessionRunner(services, services.logger);
  }

  get name(): string {
    return `inbound "${this.tag}"`;
  }

  get users(): InboundUsers | undefined {
    return this.#inbound.users;
  }

  get listening(): Listening[] {
    const ports = [...this.#ports.values()].map(({ network, endpoint }) => ({ network, endpoint }));
    return [...ports.filter(({ network }) => network === 'tcp'), ...ports.filter(({ network }) => network === 'udp')];
  }

  /** Lines for a person, such as links to share. */
  announce(): readonly string[] {
    const tcp = this.listening.filter(({ network }) => network === 'tcp');
    return this.#inbound.announce?.(tcp.map(({ endpoint }) => endpoint)) ?? [];
  }

  /** @throws SluiceError E_LISTEN_* naming this inbound, or what the protocol's handler throws */
  async start(): Promise<void> {
    await this.prepare();
    this.takePorts();
  }

  /**
   * All of a start that can fail. Who is to make way goes on meanwhile, and for good if this is
   * closed instead of taking the ports.
   * @param previous whose place it takes
   * @param leaving all that go or are replaced, by the keys of their ports
   * @returns the e-mails of users whose connections must end
   */
  async prepare(
    previous?: InboundWorker,
    leaving: ReadonlyMap<string, InboundWorker> = new Map(),
  ): Promise<readonly string[]> {
    let revoked: readonly string[] = [];
    if (previous?.protocol === this.protocol) revoked = this.#inbound.succeed?.(previous.#inbound) ?? [];
    await this.#inbound.start?.();
    await this.#open(leaving);
    return revoked;
  }

  /** The keys of the ports that it has open. */
  get portKeys(): Iterable<string> {
    return this.#ports.keys();
  }

  /** Takes over the ports that others have open. At once: no connection is refused. */
  takePorts(): void {
    for (const [key, owner] of this.#promised) {
      const port = owner.#ports.get(key);
      if (port === undefined) continue;
      owner.#ports.delete(key);
      port.owner = this;
      this.#ports.set(key, port);
    }
    this.#promised.clear();
    this.#displaced.length = 0;
    const where = this.listening.map(({ network, endpoint }) => `${network}:${formatEndpoint(endpoint)}`);
    this.#services.logger.info(`listening on ${where.join(', ')}`);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const conn of early) this.onConn(conn);
  }

  /** Stops accepting. Connections that were accepted stay. */
  async stopListening(): Promise<void> {
    this.#closing = true;
    if (this.#turnAwayReport !== undefined) {
      this.#services.plane.timers.cancel(this.#turnAwayReport);
      this.#turnAwayReport.onTimer();
    }
    for (const conn of this.#early?.splice(0) ?? []) conn.destroy();
    const open = [...this.#ports.values()];
    this.#ports = new Map();
    await Promise.all(open.map((port) => port.close()));
    await this.#putBack();
  }

  async close(): Promise<void> {
    await this.stopListening();
    this.#packets.closeAll();
    await this.#inbound.close?.();
  }

  onConn(conn: Conn): void {
    const { plane, policy, sessions, accessLog } = this.#services;
    if (this.#closing || (this.#early?.length ?? 0) >= MAX_EARLY) {
      conn.destroy();
      return;
    }
    if (this.#early !== undefined) {
      this.#early.push(conn);
      return;
    }
    conn.meter(this.traffic.uplink, this.traffic.downlink);
    const link = new Link(conn);
    const session = sessions.open(this, link, plane.timers);
    if (accessLog.namesSources) session.origin.identify();
    session.expectHandshake(policy.level(this.#inbound.level ?? 0).handshake);
    this.#runner.run(link, session, this.#inbound);
  }

  onPacket(payload: Buffer, source: Endpoint, local: Endpoint, reply: (payload: Buffer) => void): void {
    if (this.#closing || this.#early !== undefined) return;
    this.traffic.uplink?.add(payload.length);
    try {
      this.#inbound.packet?.(payload, source, local, (back) => {
        this.traffic.downlink?.add(back.length);
        reply(back);
      });
    } catch (error) {
      this.#services.logger.debug('a packet was dropped', { reason: toSluiceError(error).message });
    }
  }

  /** Under a flood a line for each would be a flood of its own. */
  onAcceptError(error: SluiceError): void {
    this.#turnedAway += 1;
    const { plane, logger } = this.#services;
    if (this.#turnAwayReport !== undefined) return;
    const report = (): void => {
      this.#turnAwayReport = undefined;
      const count = this.#turnedAway;
      this.#turnedAway = 0;
      logger.warn(`${count} connection${count === 1 ? '' : 's'} turned away: ${error.message}`, { code: error.code });
    };
    this.#turnAwayReport = plane.timers.after(TURN_AWAY_REPORT_MS, report);
  }

  onPacketError(error: SluiceError): void {
    this.#services.logger.warn(error.message, { code: error.code });
  }

  *#addresses(): Generator<{ network: Network; port: number }> {
    const ranges = this.config.ports.length === 0 ? [{ from: 0, to: 0 }] : this.config.ports;
    for (const { from, to } of ranges)
      for (let port = from; port <= to; port += 1) for (const network of this.#networks) yield { network, port };
  }

  /** All ports or none; those that others have open are left for {@link takePorts}. */
  async #open(leaving: ReadonlyMap<string, InboundWorker>): Promise<void> {
    const host = this.config.listen;
    const ports = new Map<string, ListeningPort>();
    try {
      for (const { network, port } of this.#addresses()) {
        const key = ListeningPort.key(network, host, port);
        const owner = leaving.get(key);
        if (owner !== undefined) this.#promised.set(key, owner);
        else ports.set(key, await this.#openPort(network, port, leaving));
        if (this.#closing) throw new SluiceError('E_CLOSING', 'closed meanwhile');
      }
    } catch (error) {
      await Promise.all([...ports.values()].map((port) => port.close()));
      await this.#putBack();
      const { code, message } = toSluiceError(error, 'E_LISTEN_FAILED');
      throw new SluiceError(code, `${this.name} (${this.protocol}) cannot listen: ${message}`, { cause: error });
    }
    this.#ports = ports;
  }

  /** Where another that is to go has the same port of an overlapping address, that one is closed first. */
  async #openPort(network: Network, port: number, leaving: ReadonlyMap<string, InboundWorker>): Promise<ListeningPort> {
    const open = (): Promise<ListeningPort> =>
      ListeningPort.open(this.#services.plane, network, this.config.listen, port, this);
    try {
      return await open();
    } catch (error) {
      const inTheWay = [...leaving].flatMap(([key, owner]) => owner.#ports.get(key) ?? []);
      const same = inTheWay.filter((each) => each.network === network && each.port === port && port !== 0);
      if (same.length === 0 || toSluiceError(error).code !== 'E_LISTEN_IN_USE') throw error;
      for (const each of same) {
        this.#displaced.push(each);
        await each.close();
      }
      return await open();
    }
  }

  /** Opens again what had to make way. */
  async #putBack(): Promise<void> {
    for (const port of this.#displaced.splice(0)) {
      try {
        await port.reopen();
      } catch (error) {
        const { code, message } = toSluiceError(error);
        this.#services.logger.error(`a port could not be opened again: ${message}`, { code });
      }
    }
  }
}
