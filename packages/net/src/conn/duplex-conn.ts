import { Buffer } from 'node:buffer';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { unmapIPv4, type Endpoint } from '../address.js';
import type { DataPlane } from '../data-plane.js';
import { toSluiceError } from '../errors.js';
import { canReset, errorAtEnd } from '../tcp/raw-socket.js';
import type { Conn, ConnSink, Counter } from './conn.js';

interface MaybeSocket {
  localAddress?: string;
  localPort?: number;
  remoteAddress?: string;
  remotePort?: number;
}

/** Streams that can be cut off so that the peer sees it. */
function isResettable(stream: Duplex): stream is Duplex & { resetAndDestroy(): void } {
  if (stream instanceof net.Socket) return canReset(stream);
  return 'resetAndDestroy' in stream && typeof stream.resetAndDestroy === 'function';
}

/** A conn over any Node duplex stream (TLS, HTTP/2, plain sockets): the slower, general way. */
export class DuplexConn implements Conn {
  bytesRead = 0;
  bytesWritten = 0;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #plane: DataPlane;
  readonly #onWritten = (): void => this.#handleWritten();
  readonly #stream: Duplex;
  #sink: ConnSink | null = null;
  #owesDrain = false;
  #paused = true;
  #ended = false;
  #endDelivered = false;
  #closed = false;
  #closeTold = false;
  #error: Error | undefined;
  #meterRead: Counter | undefined;
  #meterWritten: Counter | undefined;

  constructor(plane: DataPlane, stream: Duplex) {
    this.#plane = plane;
    this.#stream = stream;
    const socket = stream as MaybeSocket;
    this.local = { address: unmapIPv4(socket.localAddress ?? ''), port: socket.localPort ?? 0 };
    this.remote = { address: unmapIPv4(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    stream.pause();
    stream.on('data', (chunk: Buffer) => this.#handleData(chunk));
    stream.pause();
    stream.on('end', () => this.#handleEnd());
    stream.on('error', (error) => {
      this.#error ??= error;
    });
    stream.on('close', () => this.#handleClose());
    plane.conns += 1;
    // What happened before: a peer can end with the last message of a handshake.
    this.#ended = stream.readableEnded;
    this.#error = stream.errored ?? undefined;
    if (stream.closed) queueMicrotask(() => this.#handleClose());
  }

  get unsent(): number {
    return this.#stream.writableLength;
  }

  get destroyed(): boolean {
    return this.#stream.destroyed;
  }

  meter(read: Counter | undefined, written: Counter | undefined): void {
    this.#meterRead = read;
    this.#meterWritten = written;
  }

  attach(sink: ConnSink): void {
    this.#sink = sink;
    if (this.#closed && !this.#waitsWithClose()) queueMicrotask(() => sink.onClose(this.#error));
  }

  keepAlive(): void {
    // The socket below, if there is one, is the transport's own.
  }

  pause(): void {
    this.#paused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#ended) this.#deliverEnd();
    else if (!this.#closed) this.#stream.resume();
  }

  write(chunk: Uint8Array): boolean {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded || chunk.length === 0) return true;
    this.bytesWritten += chunk.length;
    this.#meterWritten?.add(chunk.length);
    stream.write(chunk, this.#onWritten);
    if (stream.writableLength === 0) return true;
    this.#owesDrain = true;
    return false;
  }

  writeVolatile(chunk: Uint8Array): boolean {
    // A stream may keep the chunk in ways that its length does not show (TLS records).
    return this.write(Buffer.from(chunk));
  }

  end(): void {
    if (!this.#stream.destroyed && !this.#stream.writableEnded) this.#stream.end();
  }

  destroy(error?: Error): void {
    this.#error ??= error;
    if (this.#closed) this.#tellClose();
    else this.#stream.destroy();
  }

  reset(error?: Error): void {
    const stream = this.#stream;
    const complete = stream.writableEnded && stream.writableLength === 0;
    if (this.#closed || complete || !isResettable(stream)) {
      this.destroy(error);
      return;
    }
    this.#error ??= error;
    if (!stream.destroyed) stream.resetAndDestroy();
  }

  #handleData(chunk: Buffer): void {
    this.bytesRead += chunk.length;
    this.#meterRead?.add(chunk.length);
    try {
      this.#sink?.onData(chunk, false);
    } catch (error) {
      // Thrown on, it would end the process.
      this.reset(toSluiceError(error));
    }
  }

  #handleEnd(): void {
    const error = this.#stream instanceof net.Socket ? errorAtEnd(this.#stream) : undefined;
    if (error !== undefined) {
      this.destroy(error);
      return;
    }
    this.#ended = true;
    if (!this.#paused) this.#deliverEnd();
  }

  #deliverEnd(): void {
    if (this.#endDelivered || this.#sink === null) return;
    this.#endDelivered = true;
    try {
      this.#sink.onEnd();
    } catch (error) {
      this.reset(toSluiceError(error));
    }
    if (this.#closed) this.#tellClose();
  }

  #handleWritten(): void {
    if (!this.#owesDrain || this.#stream.writableLength > 0) return;
    this.#owesDrain = false;
    if (this.#closed || this.#stream.destroyed) return;
    try {
      this.#sink?.onDrain();
    } catch (error) {
      this.reset(toSluiceError(error));
    }
  }

  #handleClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#plane.conns -= 1;
    if (!this.#waitsWithClose()) this.#tellClose();
  }

  /** A stream can be over in both directions while its end is still to be told: that comes first. */
  #waitsWithClose(): boolean {
    return this.#ended && !this.#endDelivered && this.#error === undefined && !this.#closeTold;
  }

  #tellClose(): void {
    if (this.#closeTold) return;
    this.#closeTold = true;
    this.#sink?.onClose(this.#error);
  }
}
