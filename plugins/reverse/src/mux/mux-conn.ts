import { type Buffer } from 'node:buffer';
import {
  SluiceError,
  toSluiceError,
  type Conn,
  type ConnSink,
  type Counter,
  type Destination,
  type Endpoint,
} from '@sluice/plugin-api';
import type { MuxConnection, MuxStream } from './mux-connection.js';
import type { BufferedStream } from './slow-streams.js';
import { WaitingBytes } from './waiting-bytes.js';

/** A stream of a shared connection. */
export class MuxConn implements Conn, MuxStream, BufferedStream {
  bytesRead = 0;
  bytesWritten = 0;
  readonly id: number;
  readonly #mux: MuxConnection;
  /** Until the peer has heard of the stream. */
  #target: Destination | undefined;
  readonly #waiting = new WaitingBytes();
  #sink: ConnSink | null = null;
  #paused = true;
  /** Within a call of the sink's onData. */
  #delivering = false;
  #owesDrain = false;
  /** By the peer. */
  #ended = false;
  #endDelivered = false;
  /** By us. */
  #ending = false;
  #closed = false;
  #closeTold = false;
  #error: Error | undefined;
  #meterRead: Counter | undefined;
  #meterWritten: Counter | undefined;

  /** @param target of a stream that is opened from here */
  constructor(mux: MuxConnection, id: number, target: Destination | undefined) {
    this.#mux = mux;
    this.id = id;
    this.#target = target;
    // Most clients speak first; a target that does hears of the stream all the same.
    if (target !== undefined) setImmediate(() => this.#introduce());
  }

  get local(): Endpoint {
    return this.#mux.local;
  }

  get remote(): Endpoint {
    return this.#mux.remote;
  }

  /** Not before it has been told: who asks and attaches in between learns why. */
  get destroyed(): boolean {
    return this.#closeTold;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  meter(read: Counter | undefined, written: Counter | undefined): void {
    this.#meterRead = read;
    this.#meterWritten = written;
  }

  attach(sink: ConnSink): void {
    this.#sink = sink;
    if (this.#closeTold) queueMicrotask(() => sink.onClose(this.#error));
  }

  keepAlive(): void {
    // The connection below looks for a dead peer from its first moment on.
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (this.#closed) return;
    this.#paused = false;
    if (!this.#delivering) this.#deliverWaiting();
  }

  write(chunk: Uint8Array): boolean {
    if (this.#closed || this.#ending || chunk.length === 0) return true;
    this.bytesWritten += chunk.length;
    this.#meterWritten?.add(chunk.length);
    const target = this.#target;
    this.#target = undefined;
    this.#mux.sendStream(this.id, chunk, target);
    if (!this.#mux.blocked || this.#closed) return true;
    this.#owesDrain = true;
    this.#mux.owe(this);
    return false;
  }

  writeVolatile(chunk: Uint8Array): boolean {
    // What is sent has been copied into frames.
    return this.write(chunk);
  }

  end(): void {
    if (this.#closed || this.#ending) return;
    this.#introduce();
    this.#ending = true;
    this.#mux.sendEnd(this.id, false);
    if (this.#endDelivered) this.#close(undefined);
  }

  destroy(error?: Error): void {
    this.#leave(error, !this.#ended);
  }

  reset(error?: Error): void {
    this.#leave(error, !this.#ended || !this.#ending);
  }

  /**
   * Bytes have come.
   * @param volatile the memory is valid during the call
   * @returns whether the memory is free; false only for memory that is not volatile
   */
  receive(bytes: Buffer, volatile: boolean): boolean {
    if (this.#closed || this.#ended) return true;
    if (!this.#paused && !this.#delivering && this.#waiting.length === 0) {
      this.#deliver(bytes, volatile);
      return !this.#paused;
    }
    this.#waiting.add(bytes);
    this.#mux.waitingChanged(this, bytes.length);
    return true;
  }

  ended(isError: boolean): void {
    if (isError) {
      this.#close(new SluiceError('E_CONN_RESET', 'the other side of the shared connection cut the stream off'));
      return;
    }
    // Said again, it means that what we send is not taken any more.
    if (this.#ended) this.#ending = true;
    this.#ended = true;
    if (this.#ending && this.#endDelivered) this.#close(undefined);
    if (!this.#paused && !this.#delivering) this.#deliverWaiting();
  }

  drained(): void {
    if (!this.#owesDrain || this.#closed) return;
    this.#owesDrain = false;
    try {
      this.#sink?.onDrain();
    } catch (error) {
      this.reset(toSluiceError(error));
    }
  }

  lost(error: SluiceError): void {
    this.#close(error);
  }

  giveUp(): void {
    this.reset(new SluiceError('E_CONN_TIMEOUT', 'it took next to nothing while others waited for it'));
  }

  #introduce(): void {
    const target = this.#target;
    if (target === undefined || this.#closed) return;
    this.#target = undefined;
    this.#mux.sendNew(this.id, target);
  }

  #deliverWaiting(): void {
    while (!this.#paused && !this.#closed) {
      const bytes = this.#waiting.take();
      if (bytes === undefined) break;
      // If the connection reads on at once, what comes for this stream waits its turn.
      this.#delivering = true;
      this.#mux.waitingChanged(this, -bytes.length);
      this.#deliver(bytes, false);
    }
    if (this.#ended && !this.#paused && !this.#closed) this.#deliverEnd();
  }

  #deliver(bytes: Buffer, volatile: boolean): void {
    this.#delivering = true;
    this.bytesRead += bytes.length;
    this.#meterRead?.add(bytes.length);
    try {
      if (!this.#closed) this.#sink?.onData(bytes, volatile);
    } catch (error) {
      // Thrown on, it would end the connection of all.
      this.reset(toSluiceError(error));
    }
    this.#delivering = false;
  }

  #deliverEnd(): void {
    if (this.#endDelivered) return;
    this.#endDelivered = true;
    try {
      this.#sink?.onEnd();
    } catch (error) {
      this.reset(toSluiceError(error));
    }
    if (this.#ending) this.#close(undefined);
  }

  /** @param cutOff the peer shall not take it for complete, and send no more */
  #leave(error: Error | undefined, cutOff: boolean): void {
    if (this.#closed) return;
    // What the peer has not heard of needs no end; what both have ended has one.
    const isKnown = this.#target === undefined;
    const isOver = this.#ended && this.#ending;
    this.#close(error);
    if (isKnown && !isOver) this.#mux.sendEnd(this.id, cutOff);
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    const waiting = this.#waiting.length;
    this.#waiting.clear();
    this.#mux.leave(this.id, this);
    this.#mux.waitingChanged(this, -waiting);
    // Not within the call that closed it: nobody expects its own end there.
    queueMicrotask(() => {
      this.#closeTold = true;
      this.#sink?.onClose(this.#error);
    });
  }
}
