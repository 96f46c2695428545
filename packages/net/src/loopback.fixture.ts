import { createHash, type Hash } from 'node:crypto';
import net from 'node:net';
import { once } from 'node:events';
import { type DataPlane, destination, dial, Link, listen, SystemResolver, type Conn, type Listener } from './index.js';

/** A plain Node server on loopback that hands out its sockets in order. */
export class PeerServer {
  readonly server: net.Server;
  readonly #sockets: net.Socket[] = [];
  readonly #waiting: ((socket: net.Socket) => void)[] = [];

  private constructor(server: net.Server) {
    this.server = server;
    server.on('connection', (socket) => {
      const next = this.#waiting.shift();
      if (next !== undefined) next(socket);
      else this.#sockets.push(socket);
    });
  }

  static async start(options: net.ServerOpts = {}): Promise<PeerServer> {
    const server = net.createServer({ allowHalfOpen: true, ...options });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PeerServer(server);
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  nextSocket(): Promise<net.Socket> {
    const socket = this.#sockets.shift();
    return socket !== undefined ? Promise.resolve(socket) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
  }
}

/** Accepts on loopback by the code under test, and hands out what it accepted in order. */
export class ConnServer {
  readonly #conns: Conn[] = [];
  readonly #waiting: ((conn: Conn) => void)[] = [];
  listener!: Listener;

  static async start(plane: DataPlane, host = '127.0.0.1'): Promise<ConnServer> {
    const self = new ConnServer();
    self.listener = await listen(plane, {
      host,
      port: 0,
      onConn: (conn) => {
        const next = self.#waiting.shift();
        if (next !== undefined) next(conn);
        else self.#conns.push(conn);
      },
      onAcceptError: (error) => {
        throw error;
      },
    });
    return self;
  }

  get port(): number {
    return this.listener.endpoint.port;
  }

  nextConn(): Promise<Conn> {
    const conn = this.#conns.shift();
    return conn !== undefined ? Promise.resolve(conn) : new Promise((resolve) => this.#waiting.push(resolve));
  }
}

export function dialLoopback(plane: DataPlane, port: number): Promise<Conn> {
  return dial(plane, destination('tcp', '127.0.0.1', port), { resolver: new SystemResolver(), timeoutMs: 5000 });
}

/** A plain Node socket on one side, a link of the code under test on the other. */
export async function linkedPair(plane: DataPlane): Promise<{ peer: net.Socket; link: Link; close(): Promise<void> }> {
  const server = await ConnServer.start(plane);
  const peer = net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  const link = new Link(await server.nextConn());
  return {
    peer,
    link,
    close: async () => {
      peer.destroy();
      link.destroy();
      await server.listener.close();
    },
  };
}

/** Reads a socket to its end; the hash and count of what came. */
export async function hashToEnd(socket: net.Socket): Promise<{ bytes: number; sha256: string }> {
  const hash: Hash = createHash('sha256');
  let bytes = 0;
  // By events: an async iterator would destroy the socket at the end, with what it still writes.
  socket.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    bytes += chunk.length;
  });
  await once(socket, 'end');
  return { bytes, sha256: hash.digest('hex') };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Resolves when nothing of the plane is in use any more; the test's time limit bounds the wait. */
export async function settled(plane: DataPlane): Promise<void> {
  const inUse = (): boolean => {
    const { conns, timers, buffers } = plane.state();
    return conns + timers + buffers.borrowed > 0;
  };
  while (inUse()) await new Promise((resolve) => setImmediate(resolve));
}
