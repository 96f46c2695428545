import type { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

/** One end of a TCP connection, to be read by what is expected of it. */
export class Wire {
  readonly socket: net.Socket;
  #received = '';
  #ended = false;
  #error: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#note(() => (this.#received += chunk.toString('latin1'))));
    socket.on('end', () => this.#note(() => (this.#ended = true)));
    socket.on('error', (error) => this.#note(() => (this.#error = error)));
    socket.on('close', () => this.#note(() => (this.#ended = true)));
  }

  static async connect(port: number): Promise<Wire> {
    const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    await once(socket, 'connect');
    return new Wire(socket);
  }

  get error(): Error | undefined {
    return this.#error;
  }

  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  end(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** All up to and including the text. */
  async until(text: string): Promise<string> {
    for (;;) {
      const at = this.#received.indexOf(text);
      if (at >= 0) return this.#take(at + text.length);
      if (this.#ended) throw new Error(`ended before ${JSON.stringify(text)}: ${JSON.stringify(this.#received)}`);
      await this.#change();
    }
  }

  /** A head, and as many bytes as its Content-Length says. */
  async message(): Promise<string> {
    const head = await this.until('\r\n\r\n');
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    while (this.#received.length < length) {
      if (this.#ended) throw new Error('ended within a body');
      await this.#change();
    }
    return head + this.#take(length);
  }

  /** What comes until the peer ends; a reset ends too, and shows in {@link error}. */
  async rest(): Promise<string> {
    while (!this.#ended) await this.#change();
    return this.#take(this.#received.length);
  }

  #take(length: number): string {
    const taken = this.#received.slice(0, length);
    this.#received = this.#received.slice(length);
    return taken;
  }

  #note(change: () => void): void {
    change();
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

/** A server whose connections the test plays itself. */
export class Origin {
  readonly #server: net.Server;
  readonly #open = new Set<net.Socket>();
  readonly #wires: Wire[] = [];
  readonly #waiting: ((wire: Wire) => void)[] = [];
  accepted = 0;

  private constructor(server: net.Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.accepted += 1;
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
      const wire = new Wire(socket);
      const next = this.#waiting.shift();
      if (next !== undefined) next(wire);
      else this.#wires.push(wire);
    });
  }

  static async start(): Promise<Origin> {
    const server = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Origin(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** "127.0.0.1:port" */
  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The next connection, in order of arrival. */
  next(): Promise<Wire> {
    const wire = this.#wires.shift();
    return wire !== undefined ? Promise.resolve(wire) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    if (this.#server.listening) await once(this.#server, 'close');
  }
}
