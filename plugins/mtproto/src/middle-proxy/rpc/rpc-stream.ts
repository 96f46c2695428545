import type { Buffer } from 'node:buffer';
import {
  SluiceError,
  TimerEntry,
  TimerWheel,
  toSluiceError,
  type ConnSink,
  type DataPlane,
  type Endpoint,
  type Link,
} from '@sluice/plugin-api';
import { freeNow } from '../../obfuscation/owned-memory.js';
import type { Body } from './frame-writer.js';
import { shakeHands, type HandshakeOptions, type RpcStreams } from './handshake.js';

/** Who is told of what happens on a stream. */
export interface RpcReceiver {
  /** A whole frame, in memory that may be changed until the call returns; none comes after `closed`. */
  received(frame: Buffer): void;
  /** The peer has taken all that it was slow to take. */
  drained(): void;
  /** Called once, last. */
  closed(error: SluiceError): void;
}

/** A peer that takes nothing for this long is as good as gone, in ms. */
const STALL_LIMIT = 30_000;

/** Frames over a link to a middle proxy, enciphered, after the handshake. */
export class RpcStream extends TimerEntry implements ConnSink {
  readonly #plane: DataPlane;
  readonly #link: Link;
  readonly #streams: RpcStreams;
  readonly #onFrame = (frame: Buffer): void => {
    if (!this.#closed) this.#receiver?.received(frame);
  };
  #receiver: RpcReceiver | undefined;
  #blocked = false;
  #closed = false;

  private constructor(plane: DataPlane, link: Link, streams: RpcStreams) {
    super();
    this.#plane = plane;
    this.#link = link;
    this.#streams = streams;
  }

  /** Does the handshake on a fresh link, which is closed if that fails. Errors as {@link shakeHands}. */
  static async open(plane: DataPlane, link: Link, options: HandshakeOptions): Promise<RpcStream> {
    return new RpcStream(plane, link, await shakeHands(plane, link, options));
  }

  get local(): Endpoint {
    return this.#link.conn.local;
  }

  get remote(): Endpoint {
    return this.#link.conn.remote;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The peer has not taken all that was sent. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Begins to read; to be called in the turn in which the stream was opened. */
  begin(receiver: RpcReceiver): void {
    const { conn, reader } = this.#link;
    this.#receiver = receiver;
    const rest = reader.release();
    conn.attach(this, false);
    conn.keepAlive();
    if (conn.destroyed || reader.sawEnd) {
      this.onEnd();
      return;
    }
    this.#guard(() => this.#decipher(rest));
    this.resume();
  }

  /** Sends frames with these bodies. */
  send(bodies: readonly Body[]): void {
    if (this.#closed) return;
    const { writer, encipher } = this.#streams;
    const blocks = writer.blocks(bodies);
    const bytes = encipher.update(blocks);
    freeNow(blocks);
    this.#guard(() => {
      if (this.#encode(bytes, 0)) freeNow(bytes);
    });
  }

  pause(): void {
    this.#link.conn.pause();
  }

  resume(): void {
    if (!this.#closed) this.#link.conn.resume();
  }

  close(error: SluiceError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#plane.timers.cancel(this);
    this.#link.destroy();
    this.#receiver?.closed(error);
  }

  onData(chunk: Buffer): void {
    this.#guard(() => this.#decode(chunk, 0));
  }

  onEnd(): void {
    this.close(new SluiceError('E_CONN_RESET', 'the middle proxy closed the connection'));
  }

  onDrain(): void {
    this.#blocked = false;
    this.#plane.timers.cancel(this);
    this.#receiver?.drained();
  }

  onClose(error: Error | undefined): void {
    const cause = error === undefined ? {} : { cause: error };
    this.close(new SluiceError('E_CONN_RESET', 'the connection to the middle proxy was cut off', cause));
  }

  /** Blocked for too long. */
  onTimer(): void {
    this.close(new SluiceError('E_CONN_TIMEOUT', 'the middle proxy has stopped taking bytes'));
  }

  #decode(chunk: Buffer, layer: number): void {
    const codec = this.#link.decoders[layer];
    if (codec === undefined) this.#decipher(chunk);
    else codec.write(chunk, (bytes) => this.#decode(bytes, layer + 1));
  }

  #decipher(chunk: Buffer): void {
    if (this.#closed || chunk.length === 0) return;
    const { decipher, reader } = this.#streams;
    const plain = decipher.update(chunk);
    reader.write(plain, this.#onFrame);
    // The receiver has made bytes of its own of it, the reader keeps a copy of what is not complete.
    freeNow(plain);
  }

  /** @returns whether nobody refers to the memory any more, for certain */
  #encode(bytes: Buffer, layer: number): boolean {
    const codec = this.#link.encoders[layer];
    if (codec === undefined) return this.#write(bytes);
    codec.write(bytes, (out) => this.#encode(out, layer + 1));
    return false;
  }

  #write(bytes: Buffer): boolean {
    if (this.#link.conn.write(bytes)) return true;
    this.#blocked = true;
    if (this.wheelDue < 0) this.#plane.timers.schedule(this, TimerWheel.ticks(STALL_LIMIT));
    return false;
  }

  /** What cannot be read or written on ends the stream. */
  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.close(toSluiceError(error));
    }
  }
}
