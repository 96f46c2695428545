import { Buffer } from 'node:buffer';
import {
  connPair,
  DataPlane,
  Link,
  type Conn,
  type ConnSink,
  type Destination,
  type SluiceError,
} from '@sluice/plugin-api';
import { LinkCarrier } from './link-carrier.js';
import type { MuxConn } from './mux-conn.js';
import { MuxConnection } from './mux-connection.js';
import type { MuxPackets } from './mux-packets.js';

export interface Accepted<T> {
  readonly stream: T;
  readonly to: Destination;
}

/** A queue that is awaited. */
export class Arrivals<T> {
  readonly #come: T[] = [];
  readonly #waiting: ((value: T) => void)[] = [];

  add(value: T): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#come.push(value);
    else next(value);
  }

  next(): Promise<T> {
    const first = this.#come.shift();
    return first !== undefined ? Promise.resolve(first) : new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** One side of a connection, or the raw conn where a test speaks for the other side itself. */
export class MuxSide {
  readonly conns = new Arrivals<Accepted<MuxConn>>();
  readonly packets = new Arrivals<Accepted<MuxPackets>>();
  readonly mux: MuxConnection;
  readonly closed: Promise<SluiceError | undefined>;

  constructor(plane: DataPlane, conn: Conn, isServer: boolean) {
    let tell: (error: SluiceError | undefined) => void = () => undefined;
    this.closed = new Promise((resolve) => (tell = resolve));
    this.mux = new MuxConnection(plane, new LinkCarrier(plane, new Link(conn)), {
      ...(isServer && {
        acceptor: {
          conn: (stream: MuxConn, to: Destination) => this.conns.add({ stream, to }),
          packets: (stream: MuxPackets, to: Destination) => this.packets.add({ stream, to }),
        },
      }),
      onClosed: tell,
    });
    this.mux.begin();
  }
}

export interface MuxPair {
  readonly plane: DataPlane;
  readonly client: MuxSide;
  readonly server: MuxSide;
}

export function muxPair(): MuxPair {
  const plane = new DataPlane();
  const [a, b] = connPair(plane);
  return { plane, client: new MuxSide(plane, a, false), server: new MuxSide(plane, b, true) };
}

/** A side whose peer is the test: what it sends is kept, and the test writes what it likes. */
export function lonelySide(isServer: boolean): { plane: DataPlane; side: MuxSide; peer: Conn; seen: SeenBytes } {
  const plane = new DataPlane();
  const [a, b] = connPair(plane);
  const seen = new SeenBytes(b);
  return { plane, side: new MuxSide(plane, a, isServer), peer: b, seen };
}

/** Reads a conn and keeps all that it says. */
export class SeenBytes implements ConnSink {
  readonly #conn: Conn;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  ended = false;
  closed = false;
  error: Error | undefined;
  drains = 0;
  /** Woken by each event. */
  #wake: (() => void) | undefined;

  /** @param read false leaves it paused */
  constructor(conn: Conn, read = true) {
    this.#conn = conn;
    conn.attach(this, false);
    if (read) conn.resume();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get length(): number {
    return this.#length;
  }

  resume(): void {
    this.#conn.resume();
  }

  /** Waits for whatever comes until it is so. */
  async until(isSo: (seen: this) => boolean): Promise<this> {
    while (!isSo(this)) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this;
  }

  onData(chunk: Buffer): void {
    this.#chunks.push(Buffer.from(chunk));
    this.#length += chunk.length;
    this.#wake?.();
  }

  onEnd(): void {
    this.ended = true;
    this.#wake?.();
  }

  onDrain(): void {
    this.drains += 1;
    this.#wake?.();
  }

  onClose(error: Error | undefined): void {
    this.closed = true;
    this.error = error;
    this.#wake?.();
  }
}
