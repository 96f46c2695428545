import {
  formatHostPort,
  SluiceError,
  toSluiceError,
  type Destination,
  type Endpoint,
  type InboundPacket,
  type PacketConn,
  type RelayEnd,
  type TimerWheel,
} from '@sluice/plugin-api';
import type { OutboundHandler } from '../outbound/outbound-handler.js';
import type { TrafficPair } from '../stats/traffic-counters.js';
import { FlowSession, type InboundIdentity } from './flow-session.js';

/** Destinations whose outbound a flow remembers. */
const MAX_PATHS = 256;
/** Packets that wait for an outbound to open. */
const MAX_WAITING = 32;
const TICKS_A_SECOND = 10;
/** A destination that no outbound took is tried again after this long. */
const RETRY_TICKS = 10 * TICKS_A_SECOND;

export interface FlowOptions {
  readonly timers: TimerWheel;
  readonly idleTicks: number;
  readonly traffic: TrafficPair;
  open(flow: PacketFlow, to: Destination): Promise<{ handler: OutboundHandler; conn: PacketConn }>;
  /** The flow has been active, a second or more after it was last said. */
  onMoved(flow: PacketFlow): void;
  /** No outbound takes this destination; others go on. */
  onRefused(flow: PacketFlow, to: Destination, error: SluiceError): void;
  onEnd(flow: PacketFlow, end: RelayEnd, error: SluiceError | undefined): void;
}

/** The way to one destination: packets that wait, or the conn that takes them. */
interface Path {
  conn: PacketConn | undefined;
  waiting: Buffer[];
  /** When no outbound took it. */
  refusedAt: number | undefined;
}

/** All packets of one source: one packet conn for each outbound that its destinations lead to. */
export class PacketFlow extends FlowSession {
  readonly network = 'udp';
  readonly source: Endpoint;
  readonly local: Endpoint;
  uplink = 0;
  downlink = 0;
  reply: (payload: Buffer, from: Endpoint) => void = () => undefined;
  readonly #options: FlowOptions;
  readonly #paths = new Map<string, Path>();
  readonly #conns = new Map<string, PacketConn>();
  #opening = 0;
  #active: number;
  #placed: number;

  constructor(id: number, inbound: InboundIdentity, first: InboundPacket, options: FlowOptions) {
    super(id, inbound);
    this.source = first.source;
    this.local = first.local;
    this.user = first.user;
    this.#options = options;
    this.#active = options.timers.now;
    this.#placed = this.#active;
    options.timers.schedule(this, options.idleTicks);
  }

  established(): void {
    // A flow has no handshake.
  }

  comesFrom(): never {
    throw new SluiceError('E_INTERNAL', 'a UDP flow is from where its packets are');
  }

  end(error: SluiceError): void {
    this.finish('error', error);
  }

  fork(): never {
    throw new SluiceError('E_INTERNAL', 'a UDP flow carries no further sessions');
  }

  connOf(outboundTag: string): PacketConn | undefined {
    return this.#conns.get(outboundTag);
  }

  send(payload: Buffer, to: Destination): void {
    if (this.ended || to.type === 'unix') return;
    this.#active = this.#options.timers.now;
    this.uplink += payload.length;
    this.#options.traffic.uplink?.add(payload.length);
    const key = formatHostPort(to.host, to.port);
    const path = this.#pathTo(key, to);
    if (path.conn !== undefined) this.#pass(path.conn, payload, to);
    else if (path.refusedAt === undefined && path.waiting.length < MAX_WAITING) path.waiting.push(payload);
    this.#move();
  }

  onTimer(): void {
    const { timers, idleTicks } = this.#options;
    const quiet = timers.now - this.#active;
    if (quiet < idleTicks) timers.schedule(this, idleTicks - quiet);
    else this.finish('done');
  }

  finish(end: RelayEnd, error?: SluiceError): void {
    if (this.ended) return;
    this.ended = true;
    this.#options.timers.cancel(this);
    this.abandon(error ?? new SluiceError('E_CLOSING', 'the UDP session is over'));
    for (const conn of this.#conns.values()) conn.close();
    this.#conns.clear();
    this.#paths.clear();
    this.#options.onEnd(this, end, error);
    this.over();
  }

  #move(): void {
    if (this.ended || this.#active - this.#placed < TICKS_A_SECOND) return;
    this.#placed = this.#active;
    this.#options.onMoved(this);
  }

  #pathTo(key: string, to: Destination): Path {
    const known = this.#paths.get(key);
    if (known === undefined) return this.#openPath(key, to);
    const { refusedAt } = known;
    return refusedAt !== undefined && this.#active - refusedAt >= RETRY_TICKS ? this.#openPath(key, to) : known;
  }

  #openPath(key: string, to: Destination): Path {
    if (this.#paths.size >= MAX_PATHS) this.#paths.clear();
    const path: Path = { conn: undefined, waiting: [], refusedAt: undefined };
    this.#paths.set(key, path);
    this.#opening += 1;
    this.#options.open(this, to).then(
      ({ handler, conn }) => {
        this.#opening -= 1;
        this.#join(path, handler.tag, conn, to);
      },
      (error: unknown) => {
        this.#opening -= 1;
        this.#refuse(path, to, toSluiceError(error));
      },
    );
    return path;
  }

  /** What a plugin throws ends its flow, not the process. */
  #pass(conn: PacketConn, payload: Buffer, to: Destination): void {
    try {
      conn.send(payload, to);
    } catch (error) {
      this.finish('error', toSluiceError(error));
    }
  }

  #join(path: Path, tag: string, opened: PacketConn, to: Destination): void {
    if (this.ended) {
      opened.close();
      return;
    }
    // Two destinations may have opened the same outbound at the same time.
    const known = this.#conns.get(tag);
    if (known !== undefined && known !== opened) opened.close();
    const conn = known ?? opened;
    if (known === undefined) {
      this.#conns.set(tag, conn);
      conn.attach({
        onPacket: (payload, from) => this.#receive(payload, from),
        onClose: (error) => this.#lost(error),
      });
    }
    path.conn = conn;
    const { waiting } = path;
    path.waiting = [];
    for (const payload of waiting) if (!this.ended) this.#pass(conn, payload, to);
  }

  #receive(payload: Buffer, from: Endpoint): void {
    if (this.ended) return;
    this.#active = this.#options.timers.now;
    this.downlink += payload.length;
    this.#options.traffic.downlink?.add(payload.length);
    try {
      this.reply(payload, from);
    } catch (error) {
      this.finish('error', toSluiceError(error));
    }
    this.#move();
  }

  #lost(error: Error | undefined): void {
    if (this.ended) return;
    if (error === undefined) this.finish('done');
    else this.finish('upstream-reset', toSluiceError(error, 'E_UDP_FAILED'));
  }

  /** A destination that no outbound takes does not end the others; a flow with no other ends. */
  #refuse(path: Path, to: Destination, error: SluiceError): void {
    path.waiting = [];
    path.refusedAt = this.#options.timers.now;
    if (this.ended) return;
    if (this.#conns.size + this.#opening === 0) this.finish('error', error);
    else this.#options.onRefused(this, to, error);
  }
}
