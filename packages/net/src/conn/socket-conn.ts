import { Buffer } from 'node:buffer';
import type net from 'node:net';
import { unmapIPv4, type Endpoint } from '../address.js';
import type { BufferHolder, DataPlane } from '../data-plane.js';
import { toSluiceError } from '../errors.js';
import {
  canReset,
  errorAtEnd,
  rawHandleOf,
  startReading,
  wrapHandle,
  type RawHandle,
  type ReadInto,
} from '../tcp/raw-socket.js';
import type { Conn, ConnSink, Counter } from './conn.js';

/** Reads of fewer bytes than this are small; that many in a row give the large buffer back. */
const SMALL_READ = 32 * 1024;
const SMALL_READS_TO_SHRINK = 4;
/**
 * Swaps of a quiet conn's memory from outside cost a listener each, so they are counted: a conn
 * that needed so many stays with the shared memory.
 */
const MAX_FORCED_RETURNS = 16;

/** From the last byte to the first probe. */
const KEEP_ALIVE_MS = 30_000;

type OwnedSocket = net.Socket & { conn: SocketConn };

function onEnd(this: net.Socket): void {
  (this as OwnedSocket).conn.handleEnd();
}
function onError(this: net.Socket, error: Error): void {
  (this as OwnedSocket).conn.handleError(error);
}
function onClose(this: net.Socket): void {
  (this as OwnedSocket).conn.handleClose();
}

/**
 * A TCP or Unix-socket connection. While it is quiet it reads into memory shared by the whole
 * instance, so an idle connection holds no buffer; under load it borrows a large one.
 */
export class SocketConn implements Conn, BufferHolder {
  bytesRead = 0;
  bytesWritten = 0;
  lastRead = 0;
  readonly #plane: DataPlane;
  readonly #socket: net.Socket;
  #sink: ConnSink | null = null;
  #retain = false;
  #paused = true;
  /** Set while #sink has been promised an onDrain. */
  #owesDrain = false;
  /** By the peer. */
  #ended = false;
  /** By us. */
  #ending = false;
  #endDelivered = false;
  #inRead = false;
  #closed = false;
  #error: Error | undefined;
  /** The large buffer, while one is borrowed. */
  #own: Buffer | null = null;
  #next: Buffer | undefined;
  #smallReads = 0;
  #forcedReturns = 0;
  #meterRead: Counter | undefined;
  #meterWritten: Counter | undefined;
  readonly #onWritten = (): void => this.#handleWritten();

  /**
   * @param open makes the socket; it is given where to read into
   */
  constructor(plane: DataPlane, open: (into: ReadInto) => net.Socket) {
    this.#plane = plane;
    this.#next = plane.sharedRead;
    this.#socket = open({
      buffer: () => this.#takeNext(),
      callback: (bytes) => this.#handleRead(bytes),
    });
    (this.#socket as OwnedSocket).conn = this;
    this.#socket.on('end', onEnd);
    this.#socket.on('error', onError);
    this.#socket.on('close', onClose);
    plane.conns += 1;
  }

  /** A conn around an accepted handle. */
  static accepted(plane: DataPlane, handle: RawHandle): SocketConn {
    return new SocketConn(plane, (into) => wrapHandle(handle, into));
  }

  /** The socket, for options only (keep-alive, no-delay). Reading or writing it breaks the conn. */
  get socket(): net.Socket {
    return this.#socket;
  }

  get local(): Endpoint {
    return { address: unmapIPv4(this.#socket.localAddress ?? ''), port: this.#socket.localPort ?? 0 };
  }

  get remote(): Endpoint {
    return { address: unmapIPv4(this.#socket.remoteAddress ?? ''), port: this.#socket.remotePort ?? 0 };
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  meter(read: Counter | undefined, written: Counter | undefined): void {
    this.#meterRead = read;
    this.#meterWritten = written;
  }

  attach(sink: ConnSink, retain: boolean): void {
    this.#sink = sink;
    this.#retain = retain;
    // Who comes too late learns it all the same.
    if (this.#closed) queueMicrotask(() => sink.onClose(this.#error));
  }

  /** What Node has queued, and what is left of the write under way. */
  get unsent(): number {
    return this.#socket.writableLength + (rawHandleOf(this.#socket)?.writeQueueSize ?? 0);
  }

  keepAlive(idleMs = KEEP_ALIVE_MS): void {
    this.#socket.setKeepAlive(true, idleMs);
  }

  pause(): void {
    this.#paused = true;
    // Outside of a read callback the handle must be told; inside, the callback's answer does it.
    if (!this.#inRead) this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused || this.#closed) return;
    this.#paused = false;
    if (this.#ended) this.#deliverEnd();
    else if (!this.#inRead && !this.#socket.destroyed) startReading(this.#socket);
  }

  write(chunk: Uint8Array): boolean {
    const socket = this.#socket;
    if (this.#ending || socket.destroyed || chunk.length === 0) return true;
    this.bytesWritten += chunk.length;
    this.#meterWritten?.add(chunk.length);
    socket.write(chunk, this.#onWritten);
    if (socket.writableLength === 0) return true;
    this.#owesDrain = true;
    return false;
  }

  writeVolatile(chunk: Uint8Array): boolean {
    // Behind bytes that wait, these wait too: in memory of their size, not in a scratch each.
    if (this.#owesDrain) return this.write(Buffer.from(chunk));
    const done = this.write(this.#plane.scratchCopy(chunk));
    if (!done) this.#plane.takeScratch(chunk.length);
    return done;
  }

  end(): void {
    if (this.#ending || this.#socket.destroyed) return;
    this.#ending = true;
    this.#socket.end();
  }

  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  reset(error?: Error): void {
    this.#error ??= error;
    const socket = this.#socket;
    if (socket.destroyed) return;
    // With the end out, nothing is cut off. (And libuv refuses a reset while its FIN is on the
    // way: Node would lose the handle, and the file descriptor with it.)
    const complete = this.#ending && socket.writableLength === 0;
    if (!complete && canReset(socket)) socket.resetAndDestroy();
    else socket.destroy();
  }

  /** Gives the large buffer back while nothing is being read. @internal */
  returnBuffer(): void {
    const own = this.#own;
    const handle = rawHandleOf(this.#socket);
    if (own === null || this.#paused || handle?.useUserBuffer === undefined) return;
    this.#forcedReturns += 1;
    handle.useUserBuffer(this.#plane.sharedRead);
    this.#own = null;
    this.#plane.dropBuffer(this, own, true);
  }

  #takeNext(): Buffer | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  #handleRead(bytes: number): boolean {
    const memory = this.#own ?? this.#plane.sharedRead;
    const sink = this.#sink;
    this.bytesRead += bytes;
    this.#meterRead?.add(bytes);
    this.lastRead = this.#plane.timers.now;
    this.#inRead = true;
    const chunk = bytes === memory.length ? memory : memory.subarray(0, bytes);
    try {
      sink?.onData(chunk, this.#own === null);
    } catch (error) {
      // Thrown on, it would end the process.
      this.reset(toSluiceError(error));
    }
    this.#inRead = false;
    // A paused conn's memory may be held by the write that made its sink pause it.
    if (!this.#paused && this.#retain) this.#adapt(bytes, memory.length);
    return !this.#paused;
  }

  #adapt(bytes: number, size: number): void {
    if (this.#own === null) {
      if (bytes < size || this.#socket.destroyed || this.#forcedReturns >= MAX_FORCED_RETURNS) return;
      const own = this.#plane.holdBuffer(this);
      if (own === undefined) return;
      this.#own = own;
      this.#next = own;
      this.#smallReads = 0;
    } else if (bytes >= SMALL_READ) {
      this.#smallReads = 0;
    } else if (++this.#smallReads >= SMALL_READS_TO_SHRINK) {
      this.#plane.dropBuffer(this, this.#own, true);
      this.#own = null;
      this.#next = this.#plane.sharedRead;
    }
  }

  #handleWritten(): void {
    if (!this.#owesDrain || this.#socket.writableLength > 0) return;
    this.#owesDrain = false;
    if (this.#closed || this.#socket.destroyed) return;
    try {
      this.#sink?.onDrain();
    } catch (error) {
      this.reset(toSluiceError(error));
    }
  }

  #deliverEnd(): void {
    if (this.#closed || this.#endDelivered || this.#sink === null) return;
    this.#endDelivered = true;
    try {
      this.#sink.onEnd();
    } catch (error) {
      this.reset(toSluiceError(error));
    }
  }

  handleEnd(): void {
    const error = errorAtEnd(this.#socket);
    if (error !== undefined) {
      this.destroy(error);
      return;
    }
    this.#ended = true;
    if (!this.#paused) this.#deliverEnd();
  }

  handleError(error: Error): void {
    this.#error ??= error;
  }

  handleClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#plane.conns -= 1;
    if (this.#own !== null) {
      // Paused means that a write elsewhere may still refer to the memory.
      this.#plane.dropBuffer(this, this.#own, !this.#paused);
      this.#own = null;
    }
    this.#sink?.onClose(this.#error);
  }
}
