import {
  listen,
  listenUdp,
  type Conn,
  type DataPlane,
  type Endpoint,
  type Listener,
  type Network,
  type SluiceError,
  type UdpListener,
} from '@sluice/plugin-api';

/** What a configuration asks to listen on. */
export interface PortAddress {
  readonly network: Network;
  readonly host: string;
  readonly port: number;
}

/** Who takes what arrives at a port. */
export interface PortOwner {
  onConn(conn: Conn): void;
  onPacket(payload: Buffer, source: Endpoint, local: Endpoint, reply: (payload: Buffer) => void): void;
  /** Connections could not be accepted, or the UDP socket failed. */
  onAcceptError(error: SluiceError): void;
  onPacketError(error: SluiceError): void;
}

/** An address that is listened on. It can change hands without being closed. */
export class ListeningPort {
  owner: PortOwner;
  readonly #address: PortAddress;
  readonly #plane: DataPlane;
  #listener: Listener | UdpListener | undefined;

  private constructor(plane: DataPlane, address: PortAddress, owner: PortOwner) {
    this.#plane = plane;
    this.#address = address;
    this.owner = owner;
  }

  /** The same for two ports that are configured alike. */
  static key({ network, host, port }: PortAddress): string {
    return `${network}:${host}:${port}`;
  }

  /** @throws SluiceError E_LISTEN_* */
  static async open(plane: DataPlane, address: PortAddress, owner: PortOwner): Promise<ListeningPort> {
    const opened = new ListeningPort(plane, address, owner);
    await opened.reopen();
    return opened;
  }

  get network(): Network {
    return this.#address.network;
  }

  /** As configured. */
  get port(): number {
    return this.#address.port;
  }

  get endpoint(): Endpoint {
    return (this.#listener as Listener | UdpListener).endpoint;
  }

  /** After a `close`. @throws SluiceError E_LISTEN_* */
  async reopen(): Promise<void> {
    this.#listener = this.network === 'tcp' ? await this.#listen() : await this.#bind();
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }

  #listen(): Promise<Listener> {
    const { host, port } = this.#address;
    return listen(this.#plane, {
      host,
      port,
      onConn: (conn) => this.owner.onConn(conn),
      onAcceptError: (error) => this.owner.onAcceptError(error),
    });
  }

  async #bind(): Promise<UdpListener> {
    const { host, port } = this.#address;
    const local = { address: host, port };
    const listener: UdpListener = await listenUdp(
      host,
      port,
      (payload, source) => this.owner.onPacket(payload, source, local, (back) => listener.send(back, source)),
      (error) => this.owner.onPacketError(error),
    );
    return listener;
  }
}
