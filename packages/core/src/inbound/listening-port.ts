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
  readonly network: Network;
  /** As configured. */
  readonly port: number;
  /** The same for two ports that are configured alike. */
  readonly key: string;
  owner: PortOwner;
  readonly #plane: DataPlane;
  readonly #host: string;
  #listener: Listener | UdpListener | undefined;

  private constructor(plane: DataPlane, network: Network, host: string, port: number, owner: PortOwner) {
    this.#plane = plane;
    this.#host = host;
    this.port = port;
    this.network = network;
    this.key = ListeningPort.key(network, host, port);
    this.owner = owner;
  }

  static key(network: Network, host: string, port: number): string {
    return `${network}:${host}:${port}`;
  }

  /** @throws SluiceError E_LISTEN_* */
  static async open(
    plane: DataPlane,
    network: Network,
    host: string,
    port: number,
    owner: PortOwner,
  ): Promise<ListeningPort> {
    const opened = new ListeningPort(plane, network, host, port, owner);
    await opened.reopen();
    return opened;
  }

  /** After a `close`. @throws SluiceError E_LISTEN_* */
  async reopen(): Promise<void> {
    this.#listener =
      this.network === 'tcp'
        ? await listen(this.#plane, {
            host: this.#host,
            port: this.port,
            onConn: (conn) => this.owner.onConn(conn),
            onAcceptError: (error) => this.owner.onAcceptError(error),
          })
        : await this.#bind(this.#host, this.port);
  }

  get endpoint(): Endpoint {
    return (this.#listener as Listener | UdpListener).endpoint;
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }

  async #bind(host: string, port: number): Promise<UdpListener> {
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
