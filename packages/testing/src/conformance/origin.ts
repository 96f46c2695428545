import { once } from 'node:events';
import net from 'node:net';
import type { Endpoint } from '@sluice/plugin-api';
import { Peer } from './peer.js';
import { within } from './within.js';

/** The target of a path: a plain server on loopback that hands out what it accepts. */
export class Origin {
  readonly endpoint: Endpoint;
  /** Connections so far. */
  accepted = 0;
  readonly #server: net.Server;
  readonly #open = new Set<Peer>();
  readonly #ready: Peer[] = [];
  #serve: ((peer: Peer) => void) | undefined;
  readonly #waiting: ((peer: Peer) => void)[] = [];

  private constructor(server: net.Server) {
    this.#server = server;
    const { address, port } = server.address() as net.AddressInfo;
    this.endpoint = { address, port };
    server.on('connection', (socket) => {
      this.accepted += 1;
      const peer = new Peer(socket);
      this.#open.add(peer);
      socket.on('close', () => this.#open.delete(peer));
      const next = this.#serve ?? this.#waiting.shift();
      if (next === undefined) this.#ready.push(peer);
      else next(peer);
    });
  }

  static async start(host: string): Promise<Origin> {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.listen(0, host);
    await once(server, 'listening');
    return new Origin(server);
  }

  /** How many are open now. */
  get open(): number {
    return this.#open.size;
  }

  /** The next connection, in the order of accepting. */
  async next(): Promise<Peer> {
    const ready = this.#ready.shift();
    if (ready !== undefined) return ready;
    return within(new Promise<Peer>((resolve) => this.#waiting.push(resolve)), 'a connection at the target');
  }

  /** Gives connections to the server from now on, and to whoever calls {@link next} if there is none. */
  servedBy(server: ((peer: Peer) => void) | undefined): void {
    this.#serve = server;
  }

  /** From now on, connections are refused. */
  async refuse(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const peer of this.#open) peer.socket.destroy();
    await closed;
  }
}
