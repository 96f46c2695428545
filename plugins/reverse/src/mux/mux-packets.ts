import { Buffer } from 'node:buffer';
import { toSluiceError, type Destination } from '@sluice/plugin-api';
import type { MuxConnection, MuxStream } from './mux-connection.js';

/** V2Ray's buffer: a longer packet would end its whole connection. */
const MAX_PACKET = 2048;

/** Who is told what comes on a stream of packets. */
export interface MuxPacketsSink {
  /** The payload's memory is the receiver's. */
  onPacket(payload: Buffer): void;
  /** Called once, last. */
  onClose(): void;
}

/** A stream of packets to and from one target. Each stands in a frame of its own. */
export class MuxPackets implements MuxStream {
  readonly id: number;
  readonly #mux: MuxConnection;
  /** Until the peer has heard of the stream. */
  #target: Destination | undefined;
  #sink: MuxPacketsSink | undefined;
  /** A packet that has come in part. */
  #parts: Buffer[] = [];
  #closed = false;
  /** The tick at which a packet went or came last. */
  activeAt: number;

  /** @param target of a stream that is opened from here */
  constructor(mux: MuxConnection, id: number, target: Destination | undefined) {
    this.#mux = mux;
    this.id = id;
    this.#target = target;
    this.activeAt = mux.now;
  }

  get closed(): boolean {
    return this.#closed;
  }

  attach(sink: MuxPacketsSink): void {
    this.#sink = sink;
  }

  /** Packets that are too long, and those that a busy connection does not take, are dropped, as UDP does. */
  send(payload: Uint8Array): void {
    if (payload.length <= MAX_PACKET && !this.#mux.refusesPackets) this.sendAnyhow(payload);
  }

  /** For what must not be lost, and is little. */
  sendAnyhow(payload: Uint8Array): void {
    if (this.#closed) return;
    this.activeAt = this.#mux.now;
    const target = this.#target;
    this.#target = undefined;
    this.#mux.sendPacket(this.id, payload, target);
  }

  close(): void {
    this.#close(this.#target === undefined);
  }

  /** A piece of a packet. */
  receive(piece: Buffer, last: boolean): void {
    this.activeAt = this.#mux.now;
    // The memory is the connection's.
    this.#parts.push(Buffer.from(piece));
    if (!last) return;
    const [only = piece, ...more] = this.#parts;
    const packet = more.length === 0 ? only : Buffer.concat(this.#parts);
    this.#parts = [];
    try {
      this.#sink?.onPacket(packet);
    } catch (error) {
      // Thrown on, it would end the connection of all.
      process.emitWarning(toSluiceError(error));
      this.close();
    }
  }

  ended(): void {
    this.#close(!this.#closed);
  }

  drained(): void {
    // Packets do not wait.
  }

  lost(): void {
    this.#close(false);
  }

  #close(tell: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#parts = [];
    this.#mux.leave(this.id, this);
    if (tell) this.#mux.sendEnd(this.id, false);
    this.#sink?.onClose();
  }
}
