import {
  destination,
  Link,
  type SluiceError,
  type Destination,
  type Endpoint,
  type OwnPackets,
  type OwnSession,
  type ServiceContext,
} from '@sluice/plugin-api';
import { decodeControl, isControl } from './control/control.js';
import { LinkCarrier } from './mux/link-carrier.js';
import { MuxConnection, type MuxAcceptor } from './mux/mux-connection.js';
import type { MuxConn } from './mux/mux-conn.js';
import type { MuxPackets } from './mux/mux-packets.js';
import type { ReverseEnd } from './schema.js';

export type BridgeContext = Pick<ServiceContext, 'dispatcher' | 'plane' | 'logger'>;

/** In the log of what comes through a chain of proxies, whose far end is no address of ours. */
const NOWHERE = '127.0.0.1';
export const BRIDGE_PROTOCOL = 'reverse';

/** One connection of a bridge to its portal, and what comes through it. */
export class BridgeWorker implements MuxAcceptor {
  readonly #context: BridgeContext;
  readonly #bridge: ReverseEnd;
  readonly #packets: OwnPackets;
  readonly #mux: MuxConnection;
  /** The portal opens no more streams here. */
  draining = false;
  /** The portal has spoken as one. */
  greeted = false;
  readonly openedAt: number;

  private constructor(context: BridgeContext, bridge: ReverseEnd, session: OwnSession, link: Link, onClosed: Closed) {
    this.#context = context;
    this.#bridge = bridge;
    this.openedAt = context.plane.timers.now;
    this.#packets = context.dispatcher.packets({ inboundTag: bridge.tag, inboundProtocol: BRIDGE_PROTOCOL });
    this.#mux = new MuxConnection(context.plane, new LinkCarrier(context.plane, link), {
      acceptor: this,
      onClosed: (error) => {
        this.#packets.close();
        session.close();
        onClosed(this, error);
      },
    });
  }

  /**
   * Connects to the portal, by the way that the rules choose.
   * @param session closed to give up, and when the worker is over
   * @param onClosed called once; never if this rejects
   * @throws SluiceError as the dispatcher's `connect`
   */
  static async open(
    context: BridgeContext,
    bridge: ReverseEnd,
    session: OwnSession,
    onClosed: Closed,
  ): Promise<BridgeWorker> {
    const link = await context.dispatcher.connect(session, destination('tcp', bridge.domain, 0));
    return new BridgeWorker(context, bridge, session, link, onClosed);
  }

  /** From now on the portal can open streams. */
  begin(): void {
    this.#mux.begin();
  }

  /** What it carries at present; the portal's own stream is one of them. */
  get connections(): number {
    return this.#mux.size;
  }

  /** What it carries does not get through at once. */
  get blocked(): boolean {
    return this.#mux.blocked;
  }

  /** For how many ticks nothing has come from the portal although it could have. */
  get silentFor(): number {
    return this.#mux.paused ? 0 : this.#context.plane.timers.now - this.#mux.heardAt;
  }

  /** @param since a tick */
  endQuietPackets(since: number): void {
    this.#mux.endQuietPackets(since);
  }

  close(error: SluiceError): void {
    this.#mux.close(error);
  }

  conn(conn: MuxConn, to: Destination): void {
    const { dispatcher } = this.#context;
    const source = this.#source(0);
    dispatcher.serve(
      new Link(conn),
      { inboundTag: this.#bridge.tag, inboundProtocol: BRIDGE_PROTOCOL, source, local: this.#local },
      async (link, session) => {
        try {
          const upstream = await dispatcher.connect(session, to, { client: link });
          dispatcher.relay(session, link, upstream);
        } catch (error) {
          // The client beyond the portal has been told that it is connected: a reset is all that is left to say.
          conn.reset();
          throw error;
        }
      },
    );
  }

  packets(packets: MuxPackets, to: Destination): void {
    if (isControl(to)) {
      packets.attach({ onPacket: (message) => this.#obey(message), onClose: () => undefined });
      return;
    }
    // Each stream has one target and a flow of its own: answers from other addresses have no way back.
    const source = this.#source(packets.id);
    packets.attach({
      onPacket: (payload) =>
        this.#packets.send({ source, local: this.#local, to, payload }, (answer) => packets.send(answer)),
      onClose: () => this.#packets.release(source),
    });
  }

  #obey(message: Buffer): void {
    const state = decodeControl(message);
    if (state === undefined) return;
    this.greeted = true;
    this.draining = state === 'drain';
  }

  #source(port: number): Endpoint {
    const { address, port: remotePort } = this.#mux.remote;
    return { address: address === '' ? NOWHERE : address, port: port === 0 ? remotePort : port };
  }

  get #local(): Endpoint {
    const { address, port } = this.#mux.local;
    return { address: address === '' ? NOWHERE : address, port };
  }
}

type Closed = (worker: BridgeWorker, error: SluiceError | undefined) => void;
