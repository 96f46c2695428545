import dgram from 'node:dgram';
import { once } from 'node:events';
import type { Endpoint } from '@sluice/plugin-api';

/** Sends packets back to whoever has sent them. */
export class EchoUdp {
  readonly endpoint: Endpoint;
  readonly #socket: dgram.Socket;

  private constructor(socket: dgram.Socket) {
    const { address, port } = socket.address();
    this.endpoint = { address, port };
    this.#socket = socket;
    socket.on('message', (payload, from) => socket.send(payload, from.port, from.address));
  }

  /** @param port default: any */
  static async start(port = 0): Promise<EchoUdp> {
    const socket = dgram.createSocket('udp4');
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return new EchoUdp(socket);
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
