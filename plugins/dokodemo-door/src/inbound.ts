import {
  destination,
  SluiceError,
  type Destination,
  type Endpoint,
  type Inbound,
  type InboundContext,
  type Link,
  type Network,
  type RelayTimeouts,
  type Session,
  type User,
} from '@sluice/plugin-api';
import { parseNetworks } from './networks.js';
import type { DokodemoSettings } from './schema.js';

/** Passes everything on to one target. */
export class DokodemoInbound implements Inbound {
  readonly #context: InboundContext<DokodemoSettings>;
  readonly #user: User;
  readonly #tcp: Destination | undefined;
  readonly #udp: Destination | undefined;
  /** Of the older `timeout`, which counts only where no level is chosen. */
  readonly #idleMs: number | undefined;
  readonly #timeouts: RelayTimeouts | undefined;

  constructor(context: InboundContext<DokodemoSettings>) {
    const { settings } = context;
    const { userLevel = 0, timeout = 0 } = settings;
    this.#context = context;
    this.#user = { level: userLevel };
    this.#tcp = targetOf('tcp', settings);
    this.#udp = targetOf('udp', settings);
    this.#idleMs = userLevel === 0 && timeout > 0 ? timeout * 1000 : undefined;
    this.#timeouts = this.#idleMs === undefined ? undefined : { ...context.policy.level(0), connIdle: this.#idleMs };
  }

  async accept(link: Link, session: Session): Promise<void> {
    const { dispatcher } = this.#context;
    if (this.#tcp === undefined)
      throw new SluiceError('E_ADDRESS_INVALID', 'the settings name no address to connect to');
    session.user = this.#user;
    link.timeouts = this.#timeouts;
    // There is no handshake: not a byte is read here, and either side may speak first.
    const upstream = await dispatcher.connect(session, this.#tcp, { client: link });
    dispatcher.relay(session, link, upstream);
  }

  packet(payload: Buffer, source: Endpoint, local: Endpoint, reply: (payload: Buffer) => void): void {
    if (this.#udp === undefined) return;
    this.#context.packets.send(
      { source, local, to: this.#udp, payload, user: this.#user, idleMs: this.#idleMs },
      reply,
    );
  }
}

function targetOf(
  network: Network,
  { address = '', port = 0, network: networks }: DokodemoSettings,
): Destination | undefined {
  return address === '' || !parseNetworks(networks).includes(network)
    ? undefined
    : destination(network, address, Number(port));
}
