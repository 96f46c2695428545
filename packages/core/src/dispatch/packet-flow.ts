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
import type { Hearing } from '../sniffing/packet-sniff.js';
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
  /** @param heard the packets that have come for the destination so far, and those that come while it is awaited */
  open(flow: PacketFlow, to: Destination, heard: Hearing): Promise<OpenedPath>;
  /** The flow has been active, a second or more after it was last said. */
  onMoved(flow: PacketFlow): void;
  /** No outbound takes this destination; others go on. */
  onRefused(flow: PacketFlow, to: Destination, error: SluiceError): void;
  onEnd(flow: PacketFlow, end: RelayEnd, error: SluiceError | undefined): void;
}

/** The outbound's way to a destination, and what the destination has become by sniffing. */
export interface OpenedPath {
  readonly handler: OutboundHandler;
  readonly conn: PacketConn;
  readonly to: Destination;
}

/** The way to one destination: packets that wait, or the conn that takes them. */
interface Path extends Hearing {
  conn: PacketConn | undefined;
  waiting: Buffer[];
  /** What the client asked for, and where its packets are sent. */
  readonly asked: Destination;
  to: Destination;
  isStarted: boolean;
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
  /** Those whose destination sniffing has changed. */
  #renamed: Path[] | undefined;
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
    if (path.conn !== undefined) this.#pass(path.conn, payload, path.to);
    else if (path.refusedAt === undefined && path.waiting.length < MAX_WAITING) path.waiting.push(payload);
    if (path.onHeard !== undefined) path.onHeard();
    else if (!path.isStarted) this.#startPath(path);
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
    const path: Path = { conn: undefined, waiting: [], isStarted: false, refusedAt: undefined, asked: to, to };
    this.#paths.set(key, path);
    return path;
  }

  /** Once the first packet waits, so that it can be looked at. */
  #startPath(path: Path): void {
    path.isStarted = true;
    this.#opening += 1;
    this.#options.open(this, path.asked, path).then(
      (opened) => {
        this.#opening -= 1;
        this.#join(path, opened);
      },
      (error: unknown) => {
        this.#opening -= 1;
        this.#refuse(path, path.asked, toSluiceError(error));
      },
    );
  }

  /** What a plugin throws ends its flow, not the process. */
  #pass(conn: PacketConn, payload: Buffer, to: Destination): void {
    try {
      conn.send(payload, to);
    } catch (error) {
      this.finish('error', toSluiceError(error));
    }
  }

  #join(path: Path, opened: OpenedPath): void {
    if (this.ended) {
      opened.conn.close();
      return;
    }
    const { tag } = opened.handler;
    // Two destinations may have opened the same outbound at the same time.
    const known = this.#conns.get(tag);
    if (known !== undefined && known !== opened.conn) opened.conn.close();
    const conn = known ?? opened.conn;
    if (known === undefined) {
      this.#conns.set(tag, conn);
      conn.attach({
        onPacket: (payload, from) => this.#receive(payload, from),
        onClose: (error) => this.#lost(error),
      });
    }
    path.conn = conn;
    path.to = opened.to;
    if (path.to !== path.asked) (this.#renamed ??= []).push(path);
    const { waiting } = path;
    path.waiting = [];
    for (const payload of waiting) if (!this.ended) this.#pass(conn, payload, path.to);
  }

  #receive(payload: Buffer, from: Endpoint): void {
    if (this.ended) return;
    this.#active = this.#options.timers.now;
    this.downlink += payload.length;
    this.#options.traffic.downlink?.add(payload.length);
    try {
      this.reply(payload, this.#renamed === undefined ? from : this.#askedFor(from));
    } catch (error) {
      this.finish('error', toSluiceError(error));
    }
    this.#move();
  }

  /** A client that asked for an address expects answers from it, whatever the name's own is. */
  #askedFor(from: Endpoint): Endpoint {
    if (this.#paths.has(formatHostPort(from.address, from.port))) return from;
    const path = this.#renamed?.find(({ asked }) => asked.port === from.port && asked.type !== 'domain');
    return path === undefined ? from : { address: path.asked.host, port: from.port };
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
