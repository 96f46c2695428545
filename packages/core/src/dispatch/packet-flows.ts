import {
  formatEndpoint,
  SluiceError,
  TimerWheel,
  toSluiceError,
  type Destination,
  type Endpoint,
  type InboundPacket,
  type OwnPackets,
} from '@sluice/plugin-api';
import { sniffPackets, type Hearing } from '../sniffing/packet-sniff.js';
import type { InboundIdentity } from './flow-session.js';
import { PacketFlow, type OpenedPath } from './packet-flow.js';
import type { DispatchServices } from './dispatch-services.js';

/** Flows of one inbound at a time; beyond it the one that was quiet longest is ended. */
const MAX_FLOWS = 8192;
const DEFAULT_IDLE_MS = 60_000;

type Reply = (payload: Buffer, from: Endpoint) => void;

/** Takes packets from one inbound: a flow per source, full cone, bounded and expiring. */
export class PacketFlows implements OwnPackets {
  readonly #services: DispatchServices;
  readonly #inbound: InboundIdentity;
  /** In order of last activity, to the second. */
  readonly #flows = new Map<string, PacketFlow>();
  #closed = false;

  constructor(services: DispatchServices, inbound: InboundIdentity) {
    this.#services = services;
    this.#inbound = inbound;
  }

  get size(): number {
    return this.#flows.size;
  }

  send(packet: InboundPacket, reply: Reply): void {
    if (this.#closed) return;
    const key = formatEndpoint(packet.source);
    const flow = this.#flows.get(key) ?? this.#open(key, packet);
    flow.reply = reply;
    flow.send(packet.payload, packet.to);
  }

  release(source: Endpoint): void {
    this.#flows.get(formatEndpoint(source))?.finish('done');
  }

  /** Ends all flows, and takes no more packets. */
  closeAll(): void {
    this.#closed = true;
    for (const flow of [...this.#flows.values()]) {
      flow.finish('closing', new SluiceError('E_CLOSING', 'the instance is shutting down'));
    }
  }

  #open(key: string, packet: InboundPacket): PacketFlow {
    if (this.#flows.size >= MAX_FLOWS) {
      const [oldest] = this.#flows.values();
      oldest?.finish('idle', new SluiceError('E_UDP_LIMIT', `more than ${MAX_FLOWS} UDP sessions`));
    }
    const { sessions, plane, policy, accessLog, traffic } = this.#services;
    const level = policy.level(packet.user?.level ?? 0);
    const idleMs = packet.idleMs ?? Math.min(DEFAULT_IDLE_MS, level.connIdle);
    const flow = new PacketFlow(sessions.nextId(), this.#inbound, packet, {
      timers: plane.timers,
      idleTicks: TimerWheel.ticks(idleMs),
      traffic: traffic.user(packet.user, level),
      open: (own, to, heard) => this.#connect(own, to, heard),
      onMoved: (own) => {
        this.#flows.delete(key);
        this.#flows.set(key, own);
      },
      onRefused: (own, to, error) => accessLog.record(own, { uplink: 0, downlink: 0, end: 'rejected', error }, to),
      onEnd: (own, end, error) => {
        this.#flows.delete(key);
        sessions.removeFlow(own, error);
        accessLog.record(own, { uplink: own.uplink, downlink: own.downlink, end, error });
      },
    });
    this.#flows.set(key, flow);
    sessions.addFlow(flow);
    return flow;
  }

  async #connect(flow: PacketFlow, asked: Destination, heard: Hearing): Promise<OpenedPath> {
    const { routes } = this.#services;
    const { sniffing } = this.#inbound;
    const sniffed =
      sniffing === undefined ? undefined : await sniffPackets(sniffing, heard, asked, this.#services.plane);
    const found = sniffing?.apply(asked, sniffed);
    flow.sniffed ??= sniffed;
    const to = found?.to ?? asked;
    const handler = await routes.choose(flow, found?.routed ?? asked, to);
    flow.target ??= to;
    if (flow.outboundTag === undefined) flow.carriedBy(handler);
    // One conn an outbound: a source keeps its address towards everyone it reaches that way.
    const existing = flow.connOf(handler.tag);
    if (existing !== undefined) return { handler, conn: existing, to };
    try {
      return { handler, conn: await handler.openPackets(flow, to), to };
    } catch (error) {
      throw toSluiceError(error);
    }
  }

  /** Takes no more packets, and ends all flows. */
  close(): void {
    this.closeAll();
  }
}
