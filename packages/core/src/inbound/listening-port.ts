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
  /** The same for two ports that are configured alike. */
  readonly key: string;
  owner: PortOwner;
  #listener: Listener | UdpListener | undefined;

  private constructor(network: Network, host: string, port: number, owner: PortOwner) {
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
    const opened = new ListeningPort(network, host, port, owner);
    opened.#listener =
      network === 'tcp'
        ? await listen(plane, {
            host,
            port,
            onConn: (conn) => opened.owner.onConn(conn),
            onAcceptError: (error) => opened.owner.onAcceptError(error),
          })
        : await opened.#bind(host, port);
    return opened;
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
