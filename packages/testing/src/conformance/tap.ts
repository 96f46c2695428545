import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net from 'node:net';
import { errnoOf, type Endpoint } from '@sluice/plugin-api';
import { PASS, type Direction, type Treatment, type Wire } from './wire.js';
import { nextTurn } from './within.js';

/** Of a longer conversation the beginning is kept. */
const RECORDED = 64 * 1024;

/** For so long, in ms, a network that joins keeps what comes first. */
const JOIN_MS = 25;

/** What went over one connection. */
export interface Record {
  readonly up: Buffer[];
  readonly down: Buffer[];
}

/** Stands between an outbound and its inbound, and hands bytes on well or badly. */
export class Tap {
  readonly endpoint: Endpoint;
  /** The connections so far. */
  readonly records: Record[] = [];
  readonly #server: net.Server;
  readonly #to: Endpoint;
  readonly #wires: Wire[] = [];
  readonly #sockets = new Set<net.Socket>();

  private constructor(server: net.Server, to: Endpoint) {
    this.#server = server;
    this.#to = to;
    const { address, port } = server.address() as net.AddressInfo;
    this.endpoint = { address, port };
    server.on('connection', (socket) => this.#accept(socket));
  }

  static async start(to: Endpoint): Promise<Tap> {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Tap(server, to);
  }

  /** Says how the next connection is treated; without a word it passes. */
  treat(wire: Wire): void {
    this.#wires.push(wire);
  }

  /** How many sockets are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** From now on, connections are refused; those that are open end by a reset. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #accept(client: net.Socket): void {
    const wire = this.#wires.shift() ?? PASS;
    const record: Record = { up: [], down: [] };
    this.records.push(record);
    this.#keep(client);
    if (wire.treatment.kind === 'junk') {
      client.resume();
      client.end(wire.treatment.answer);
      return;
    }
    const { address: host, port } = this.#to;
    const server = net.connect({ host, port, allowHalfOpen: true, noDelay: true });
    this.#keep(server);
    const connection = new TappedConnection(client, server, record);
    connection.carry('up', wire.direction === 'up' ? wire.treatment : PASS.treatment);
    connection.carry('down', wire.direction === 'down' ? wire.treatment : PASS.treatment);
  }

  #keep(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

/** One connection through a tap, both directions. */
class TappedConnection {
  readonly #ends: { readonly up: net.Socket; readonly down: net.Socket };
  readonly #record: Record;
  #stalled = false;

  constructor(client: net.Socket, server: net.Socket, record: Record) {
    // Named by the direction for which they are the source.
    this.#ends = { up: client, down: server };
    this.#record = record;
  }

  carry(direction: Direction, treatment: Treatment): void {
    const from = this.#ends[direction];
    const to = this.#ends[direction === 'up' ? 'down' : 'up'];
    let done = 0;
    let tail = Promise.resolve();
    const queue = (step: () => unknown): void => {
      tail = tail.then(step).then(
        () => undefined,
        () => void to.destroy(),
      );
    };
    const joined: Buffer[] = [];
    from.on('data', (chunk: Buffer) => {
      if (treatment.kind === 'join') {
        joined.push(chunk);
        if (joined.length > 1) return;
        queue(async () => {
          await new Promise((resolve) => setTimeout(resolve, JOIN_MS));
          await written(to, Buffer.concat(joined.splice(0)));
        });
        return;
      }
      from.pause();
      queue(async () => {
        if (done < RECORDED) this.#record[direction].push(Buffer.from(chunk));
        await this.#hand(chunk, done, to, treatment);
        done += chunk.length;
        from.resume();
      });
    });
    // While it is stalled, either side is told of nothing that the other one does.
    from.on('end', () => queue(() => (this.#stalled ? from : to).end()));
    from.on('error', (error: unknown) => {
      if (!this.#stalled && errnoOf(error) === 'ECONNRESET') to.resetAndDestroy();
    });
    from.on('close', () => queue(() => this.#stalled || to.destroy()));
    // An end or a stall before the first byte.
    if ('at' in treatment && treatment.at === 0) this.#strike(treatment);
    from.resume();
  }

  async #hand(chunk: Buffer, done: number, to: net.Socket, treatment: Treatment): Promise<void> {
    if (this.#stalled) return;
    if (treatment.kind === 'trickle') {
      for (let i = 0; i < chunk.length; i += 1) await pass(to, chunk.subarray(i, i + 1));
      return;
    }
    if (!('at' in treatment) || treatment.at < done || treatment.at > done + chunk.length) {
      await written(to, chunk);
      return;
    }
    const at = treatment.at - done;
    if (treatment.kind === 'flip') {
      const changed = Buffer.from(chunk);
      if (at < changed.length) changed[at]! ^= 0x10;
      await written(to, changed);
      return;
    }
    if (at > 0) await pass(to, chunk.subarray(0, at));
    this.#strike(treatment);
    if (treatment.kind === 'split') await written(to, chunk.subarray(at));
  }

  #strike({ kind }: Treatment): void {
    const { up, down } = this.#ends;
    if (kind === 'stall') {
      this.#stalled = true;
      // Who has ended already would be heard of no more.
      for (const socket of [up, down]) if (socket.readableEnded) socket.end();
    } else if (kind === 'end') for (const socket of [up, down]) socket.end();
    else if (kind === 'reset') for (const socket of [up, down]) socket.resetAndDestroy();
    if (kind === 'end' || kind === 'reset') this.#stalled = true;
  }
}

/** Writes, and waits until the receiver, which lives in this process, has had a turn to read. */
async function pass(to: net.Socket, bytes: Buffer): Promise<void> {
  await written(to, bytes);
  await nextTurn();
  await nextTurn();
}

/** Resolves when the system has taken it, or the socket is gone: what nobody reads is not read on. */
function written(to: net.Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => to.write(bytes, () => resolve()));
}
