import type { InboundConfig } from '@sluice/config';
import {
  formatEndpoint,
  Link,
  listen,
  listenUdp,
  SluiceError,
  toSluiceError,
  type Conn,
  type DataPlane,
  type Endpoint,
  type Inbound,
  type Listener,
  type Logger,
  type Network,
  type Policy,
  type TimerEntry,
  type UdpListener,
} from '@sluice/plugin-api';
import type { ConnSession } from '../dispatch/conn-session.js';
import type { SessionTable } from '../dispatch/session-table.js';
import type { AccessLog } from '../log/access-log.js';
import type { TrafficPair } from '../stats/traffic-counters.js';

export interface InboundServices {
  readonly plane: DataPlane;
  readonly policy: Policy;
  readonly sessions: SessionTable;
  readonly accessLog: AccessLog;
  readonly logger: Logger;
  readonly traffic: TrafficPair;
}

/** How long a refused client has to take the last bytes, in ms. */
const LINGER_MS = 1000;

/** Connections that could not be accepted are counted for this long before the log says so, in ms. */
const TURN_AWAY_REPORT_MS = 500;

/** Where an inbound listens. */
export interface Listening {
  readonly network: Network;
  readonly endpoint: Endpoint;
}

/** A configured inbound: listens, gives every accepted connection its session, and sees it end. */
export class InboundWorker {
  readonly tag: string;
  readonly protocol: string;
  readonly #config: InboundConfig;
  readonly #inbound: Inbound;
  readonly #networks: readonly Network[];
  readonly #services: InboundServices;
  #listeners: Listener[] = [];
  #udpListeners: UdpListener[] = [];
  #closing = false;
  #turnedAway = 0;
  #turnAwayReport: TimerEntry | undefined;

  constructor(config: InboundConfig, inbound: Inbound, networks: readonly Network[], services: InboundServices) {
    this.tag = config.tag;
    this.protocol = config.protocol;
    this.#config = config;
    this.#inbound = inbound;
    this.#networks = networks;
    this.#services = services;
  }

  get name(): string {
    return `inbound "${this.tag}"`;
  }

  get listening(): Listening[] {
    return [
      ...this.#listeners.map(({ endpoint }) => ({ network: 'tcp' as const, endpoint })),
      ...this.#udpListeners.map(({ endpoint }) => ({ network: 'udp' as const, endpoint })),
    ];
  }

  /** Lines for a person, such as links to share. */
  announce(): readonly string[] {
    return this.#inbound.announce?.(this.#listeners.map(({ endpoint }) => endpoint)) ?? [];
  }

  /** @throws SluiceError E_LISTEN_* naming this inbound */
  async start(): Promise<void> {
    await this.#inbound.start?.();
    for (const port of this.#ports()) {
      try {
        await this.#listen(port);
        if (this.#closing) throw new SluiceError('E_CLOSING', 'closed meanwhile');
      } catch (error) {
        const { code, message } = toSluiceError(error, 'E_LISTEN_FAILED');
        throw new SluiceError(code, `${this.name} (${this.protocol}) cannot listen: ${message}`, { cause: error });
      }
    }
    const where = this.listening.map(({ network, endpoint }) => `${network}:${formatEndpoint(endpoint)}`);
    this.#services.logger.info(`listening on ${where.join(', ')}`);
  }

  /** Stops accepting. Connections that were accepted stay. */
  async stopListening(): Promise<void> {
    this.#closing = true;
    if (this.#turnAwayReport !== undefined) {
      this.#services.plane.timers.cancel(this.#turnAwayReport);
      this.#turnAwayReport.onTimer();
    }
    const open = [...this.#listeners, ...this.#udpListeners];
    this.#listeners = [];
    this.#udpListeners = [];
    await Promise.all(open.map((listener) => listener.close()));
  }

  async close(): Promise<void> {
    await this.stopListening();
    await this.#inbound.close?.();
  }

  *#ports(): Generator<number> {
    if (this.#config.ports.length === 0) yield 0;
    for (const { from, to } of this.#config.ports) for (let port = from; port <= to; port += 1) yield port;
  }

  async #listen(port: number): Promise<void> {
    const host = this.#config.listen;
    const { logger } = this.#services;
    if (this.#networks.includes('tcp')) {
      const options = {
        host,
        port,
        onConn: (conn: Conn) => this.#accept(conn),
        onAcceptError: (error: SluiceError) => this.#turnAway(error),
      };
      this.#listeners.push(await listen(this.#services.plane, options));
    }
    if (this.#networks.includes('udp')) {
      const local = { address: host, port };
      const listener: UdpListener = await listenUdp(
        host,
        port,
        (payload, source) => this.#packet(payload, source, local, listener),
        (error) => logger.warn(error.message, { code: error.code }),
      );
      this.#udpListeners.push(listener);
    }
  }

  /** Under a flood a line for each would be a flood of its own. */
  #turnAway(error: SluiceError): void {
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

  #packet(payload: Buffer, source: Endpoint, local: Endpoint, listener: UdpListener): void {
    const { traffic, logger } = this.#services;
    traffic.uplink?.add(payload.length);
    try {
      this.#inbound.packet?.(payload, source, local, (back) => {
        traffic.downlink?.add(back.length);
        listener.send(back, source);
      });
    } catch (error) {
      logger.debug('a packet was dropped', { reason: toSluiceError(error).message });
    }
  }

  #accept(conn: Conn): void {
    const { plane, policy, sessions, traffic, accessLog } = this.#services;
    if (this.#closing) {
      conn.destroy();
      return;
    }
    conn.meter(traffic.uplink, traffic.downlink);
    const link = new Link(conn);
    const session = sessions.open(this, link, plane.timers);
    if (accessLog.namesSources) session.origin.identify();
    session.expectHandshake(policy.level(this.#inbound.level ?? 0).handshake);
    this.#handle(link, session);
  }

  /** Not an async function: nothing of it stays while the connection lives. */
  #handle(link: Link, session: ConnSession): void {
    let accepted: Promise<void>;
    try {
      accepted = this.#inbound.accept?.(link, session) ?? Promise.resolve();
    } catch (error) {
      this.#finish(link, session, toSluiceError(error));
      return;
    }
    accepted.then(
      () => {
        if (session.relay === undefined) this.#finish(link, session, undefined);
      },
      (error: unknown) => this.#finish(link, session, toSluiceError(error)),
    );
  }

  #finish(link: Link, session: ConnSession, error: SluiceError | undefined): void {
    const { plane, sessions, accessLog } = this.#services;
    session.established();
    if (session.relay !== undefined) {
      // A relay owns both links and the session's end; what fails beside it ends it.
      session.relay.close('error', error);
      this.#log(session, error);
      return;
    }
    if (!sessions.remove(session)) return;
    session.abandon(error ?? new SluiceError('E_CONN_CLOSED', 'the client is gone'));
    // What the inbound wrote last (a refusal) is still sent; then the connection closes.
    if (link.conn.destroyed) link.dispose();
    else link.lingerThenClose(plane, LINGER_MS);
    const { bytesRead, bytesWritten } = link.conn;
    // Its requests have said all; a line of its own would count their bytes twice.
    if (error === undefined && session.origin.carriesRequests) return;
    const end = error === undefined ? 'handled' : 'rejected';
    accessLog.record(session, { uplink: bytesRead, downlink: bytesWritten, end, error });
    this.#log(session, error);
  }

  #log(session: ConnSession, error: SluiceError | undefined): void {
    const { logger } = this.#services;
    if (error === undefined) return;
    if (error.code === 'E_INTERNAL') logger.error(error.message, { source: formatEndpoint(session.source) });
    else
      logger.info(`connection ended: ${error.message}`, { source: formatEndpoint(session.source), code: error.code });
  }
}
