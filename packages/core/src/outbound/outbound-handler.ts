import {
  SluiceError,
  type Destination,
  type Link,
  type Outbound,
  type PacketConn,
  type Session,
} from '@sluice/plugin-api';

/** A configured outbound: the plugin's handler under its tag. */
export class OutboundHandler {
  readonly tag: string;
  readonly protocol: string;
  readonly #outbound: Outbound;

  constructor(tag: string, protocol: string, outbound: Outbound) {
    this.tag = tag;
    this.protocol = protocol;
    this.#outbound = outbound;
  }

  get name(): string {
    return `outbound "${this.tag}"`;
  }

  connect(session: Session, to: Destination): Promise<Link> {
    return this.#outbound.connect(session, to);
  }

  /** @throws SluiceError E_UNSUPPORTED where the protocol carries no UDP */
  openPackets(session: Session, to: Destination): Promise<PacketConn> {
    if (this.#outbound.openPackets === undefined) {
      return Promise.reject(new SluiceError('E_UNSUPPORTED', `${this.name} (${this.protocol}) carries no UDP`));
    }
    return this.#outbound.openPackets(session, to);
  }

  async start(): Promise<void> {
    await this.#outbound.start?.();
  }

  async close(): Promise<void> {
    await this.#outbound.close?.();
  }
}
