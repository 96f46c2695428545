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
import type { ConnSession } from '../dispatch/conn-session.js';
import type { InboundIdentity } from '../dispatch/flow-session.js';
import type { PacketFlows } from '../dispatch/packet-flows.js';
import type { SessionCount } from '../dispatch/session-count.js';
import { SessionRunner, type Acceptor } from '../dispatch/session-runner.js';
import type { SessionTable } from '../dispatch/session-table.js';
import type { AccessLog } from '../log/access-log.js';
import type { Sniffing } from '../sniffing/sniffing.js';
import type { StreamLayers } from '../stream/stream-layers.js';
import type { TrafficPair } from '../stats/traffic-counters.js';
import type { PortAddress, PortOwner } from './listening-port.js';
import { PortSet, type Listening } from './port-set.js';

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
  /** What its streams go through before the protocol begins. */
  readonly layers: StreamLayers | undefined;
}

/** Connections that could not be accepted are counted for this long before the log says so, in ms. */
const TURN_AWAY_REPORT_MS = 500;

/** A configured inbound: listens, and gives every accepted connection its session. */
export class InboundWorker implements InboundIdentity, InboundView, PortOwner {
  readonly tag: string;
  readonly protocol: string;
  readonly config: InboundConfig;
  readonly sniffing: Sniffing | undefined;
  readonly count: SessionCount;
  readonly ports: PortSet;
  /** What counts its connections from now on. */
  traffic: TrafficPair = { uplink: undefined, downlink: undefined };
  readonly #inbound: Inbound;
  readonly #networks: readonly Network[];
  readonly #services: InboundServices;
  readonly #runner: SessionRunner;
  readonly #packets: PacketFlows;
  readonly #layers: StreamLayers | undefined;
  readonly #acceptor: Acceptor;
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
    this.#layers = parts.layers;
    this.#acceptor = parts.layers === undefined ? parts.inbound : this.#through(parts.layers);
    this.#services = services;
    const onLost = ({ message, code }: SluiceError): void =>
      services.logger.error(`a port could not be opened again: ${message}`, { code });
    this.ports = new PortSet(services.plane, this, onLost);
    this.#runner = new SessionRunner(services, services.logger);
  }

  get name(): string {
    return `inbound "${this.tag}"`;
  }

  get users(): InboundUsers | undefined {
    return this.#inbound.users;
  }

  get listening(): Listening[] {
    return this.ports.listening;
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
   * @param leaving the ports of all that go or are replaced, by their keys
   * @returns the e-mails of users whose connections must end
   */
  async prepare(
    previous?: InboundWorker,
    leaving: ReadonlyMap<string, PortSet> = new Map(),
  ): Promise<readonly string[]> {
    let revoked: readonly string[] = [];
    if (previous?.protocol === this.protocol) revoked = this.#inbound.succeed?.(previous.#inbound) ?? [];
    await this.#layers?.start();
    await this.#inbound.start?.();
    try {
      await this.ports.open(this.#addresses(), leaving);
    } catch (error) {
      const { code, message } = toSluiceError(error);
      throw new SluiceError(code, `${this.name} (${this.protocol}) cannot listen: ${message}`, { cause: error });
    }
    return revoked;
  }

  /** Takes over the ports that others have open. At once: no connection is refused. */
  takePorts(): void {
    this.ports.take();
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
    await this.ports.close();
  }

  async close(): Promise<void> {
    await this.stopListening();
    this.#packets.closeAll();
    try {
      await this.#inbound.close?.();
    } finally {
      await this.#layers?.close();
    }
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
    // What is counted is what the protocol says.
    if (this.#layers === undefined) conn.meter(this.traffic.uplink, this.traffic.downlink);
    const link = new Link(conn);
    const session = sessions.open(this, link, plane.timers);
    if (accessLog.namesSources) session.origin.identify();
    session.expectHandshake(policy.level(this.#inbound.level ?? 0).handshake);
    this.#runner.run(link, session, this.#acceptor);
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

  #through(layers: StreamLayers): Acceptor {
    return {
      accept: async (link, session) => {
        const top = await layers.accept(link, session);
        top.conn.meter(this.traffic.uplink, this.traffic.downlink);
        (session as ConnSession).origin.layered(top);
        await this.#inbound.accept?.(top, session);
      },
    };
  }

  *#addresses(): Generator<PortAddress> {
    const { listen: host, ports } = this.config;
    const ranges = ports.length === 0 ? [{ from: 0, to: 0 }] : ports;
    for (const { from, to } of ranges)
      for (let port = from; port <= to; port += 1) for (const network of this.#networks) yield { network, host, port };
  }
}
