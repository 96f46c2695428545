import { Buffer } from 'node:buffer';
import {
  SluiceError,
  toSluiceError,
  type Conn,
  type ConnSink,
  type Emit,
  type Endpoint,
  type Link,
  type TimerEntry,
  type TimerWheel,
} from '@sluice/plugin-api';
import { BodyForwarder } from './codec.js';
import type { ProxyRequest } from './request.js';
import { ResponseForwarder } from './response-forwarder.js';

/** How many bytes of the next requests are taken in while a response is under way. */
const READ_AHEAD = 64 * 1024;
const EMPTY = Buffer.alloc(0);

/** How an exchange ended, seen from the client's connection. */
export type ExchangeEnd =
  /** The response is out and the connection is at the start of the next request. */
  | { readonly kind: 'next' }
  /** The response is out and was announced as the last one. */
  | { readonly kind: 'close' }
  /** No response has been begun: the client is to be told this status. */
  | { readonly kind: 'refuse'; readonly status: number; readonly inSync: boolean; readonly error?: SluiceError }
  /** The connection is closed, or was cut to show that the response is not complete. */
  | { readonly kind: 'gone' };

export interface ExchangeOptions {
  readonly timers: TimerWheel;
  /** How long a client may take for the rest of a response that the origin has finished, in ms. */
  readonly drainMs: number;
}

/**
 * One plain request and its response. Towards the relay engine it is the client's connection, which
 * speaks as an origin server is spoken to; towards the client it is the sink of the real one. So
 * the engine does for plain requests what it does for tunnels: back-pressure, idle times, counters,
 * log and teardown. When it is over, the real connection goes back to the link's reader.
 *
 * Node's own HTTP machinery was not taken: it would put two streams with buffers of their own
 * between the sockets, and leave those five to us.
 */
export class Exchange implements Conn, ConnSink {
  readonly ended: Promise<ExchangeEnd>;
  bytesRead = 0;
  bytesWritten = 0;
  readonly #client: Link;
  readonly #conn: Conn;
  readonly #options: ExchangeOptions;
  readonly #request: BodyForwarder;
  readonly #response: ResponseForwarder;
  #resolve!: (end: ExchangeEnd) => void;
  #engine: ConnSink | null = null;
  /** Read ahead of its time: the body's start, and later the next requests. */
  #pending: Buffer;
  #phase: 'open' | 'draining' | 'over' = 'open';
  /** By the engine. */
  #paused = true;
  #clientEnded: boolean;
  #upstreamEnded = false;
  #engineGone = false;
  #drainTimer: TimerEntry | null = null;
  /** Shared memory that the chunk at hand lies in, for each direction. */
  #upMemory: ArrayBufferLike | null = null;
  #downMemory: ArrayBufferLike | null = null;
  #blocked = false;
  readonly #toUpstream: Emit = (bytes) => this.#deliver(bytes, bytes.buffer === this.#upMemory);
  readonly #toClient: Emit = (bytes) => {
    const taken = bytes.buffer === this.#downMemory ? this.#conn.writeVolatile(bytes) : this.#conn.write(bytes);
    if (!taken) this.#blocked = true;
  };

  /** @param client has no codecs, and its reader is just behind the request's head */
  constructor(client: Link, request: ProxyRequest, options: ExchangeOptions) {
    this.#client = client;
    this.#conn = client.conn;
    this.#options = options;
    this.#request = new BodyForwarder(request.framing, request.framing.kind === 'chunked', 400);
    this.#response = new ResponseForwarder(request, () => this.#request.done);
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
    this.#clientEnded = client.reader.sawEnd;
    this.#pending = client.reader.release();
    this.#conn.attach(this, true);
  }

  // Towards the engine: the connection of a client.

  get local(): Endpoint {
    return this.#conn.local;
  }

  get remote(): Endpoint {
    return this.#conn.remote;
  }

  get destroyed(): boolean {
    return this.#phase === 'over' || this.#conn.destroyed;
  }

  meter(): void {
    // The real connection is metered.
  }

  attach(sink: ConnSink): void {
    this.#engine = sink;
  }

  keepAlive(): void {
    // The client's conn is kept alive by its listener.
  }

  pause(): void {
    this.#paused = true;
    if (this.#phase === 'open') this.#conn.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#phase !== 'open') return;
    this.#flushPending();
    if (this.#phase === 'open' && !this.#paused) this.#readOn();
  }

  write(chunk: Buffer): boolean {
    return this.#respond(chunk, false);
  }

  writeVolatile(chunk: Buffer): boolean {
    return this.#respond(chunk, true);
  }

  end(): void {
    this.#upstreamEnded = true;
    if (this.#phase === 'over') this.#engine?.onClose(undefined);
    if (this.#phase !== 'open') return;
    if (this.#response.switched) {
      this.#conn.end();
      return;
    }
    this.#blocked = false;
    try {
      this.#response.end(this.#toClient);
    } catch (error) {
      this.#fail(502, error);
      return;
    }
    this.#completeOrDrain();
  }

  destroy(): void {
    if (this.#response.switched) this.#conn.destroy();
    else this.#cut(504);
  }

  reset(): void {
    if (this.#response.switched) this.#conn.reset();
    else this.#cut(502);
  }

  // Towards the client: the sink of the real connection.

  onData(chunk: Buffer, volatile: boolean): void {
    if (this.#phase !== 'open') this.#keep(chunk);
    else this.#forward(chunk, volatile);
  }

  onEnd(): void {
    this.#clientEnded = true;
    if (this.#phase === 'open') this.#checkEnd();
  }

  onDrain(): void {
    if (this.#phase === 'draining') this.#complete();
    this.#engine?.onDrain();
  }

  onClose(error: Error | undefined): void {
    const isTunnelEnd = this.#response.switched && error === undefined;
    const reason = new SluiceError(
      'E_CONN_CLOSED',
      'the client closed the connection before its response was complete',
    );
    this.#finish({ kind: 'gone' });
    this.#engine?.onClose(isTunnelEnd ? undefined : (error ?? reason));
  }

  #forward(chunk: Buffer, volatile: boolean): void {
    let used = 0;
    if (!this.#request.done) {
      this.#upMemory = volatile ? chunk.buffer : null;
      try {
        used = this.#request.write(chunk, this.#toUpstream);
      } catch (error) {
        this.#fail(400, error);
        return;
      }
    }
    if (used === chunk.length) return;
    const rest = chunk.subarray(used);
    if (this.#response.switched) this.#deliver(rest, volatile);
    else this.#keep(rest);
  }

  #deliver(bytes: Buffer, volatile: boolean): void {
    this.bytesRead += bytes.length;
    this.#engine?.onData(bytes, volatile);
  }

  #keep(bytes: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    if (this.#pending.length >= READ_AHEAD) this.#conn.pause();
  }

  #flushPending(): void {
    const pending = this.#pending;
    if (pending.length > 0 && (!this.#request.done || this.#response.switched)) {
      this.#pending = EMPTY;
      this.#forward(pending, false);
    }
    if (this.#clientEnded && this.#phase === 'open') this.#checkEnd();
  }

  #readOn(): void {
    // Beyond the body it is only watched whether the client is still there.
    if (this.#pending.length < READ_AHEAD) this.#conn.resume();
  }

  /** The client will send no more. A client that has sent its whole request may still wait for the response. */
  #checkEnd(): void {
    if (!this.#request.done)
      this.#fail(400, new SluiceError('E_CONN_CLOSED', 'the client ended in the middle of its request'));
    else if (this.#response.switched && this.#pending.length === 0) this.#engine?.onEnd();
  }

  #respond(chunk: Buffer, volatile: boolean): boolean {
    if (this.#phase !== 'open') {
      // Nothing may follow a response.
      if (this.#phase === 'over') this.#engine?.onClose(undefined);
      return true;
    }
    this.bytesWritten += chunk.length;
    if (this.#response.switched) return volatile ? this.#conn.writeVolatile(chunk) : this.#conn.write(chunk);
    this.#downMemory = volatile ? chunk.buffer : null;
    this.#blocked = false;
    try {
      this.#response.write(chunk, this.#toClient);
    } catch (error) {
      this.#fail(502, error);
      return true;
    }
    if (this.#response.done) this.#completeOrDrain();
    else if (this.#response.switched) this.#beginTunnel();
    return !this.#blocked;
  }

  #beginTunnel(): void {
    if (this.#paused) return;
    this.#flushPending();
    if (this.#phase === 'open' && !this.#paused) this.#readOn();
  }

  #completeOrDrain(): void {
    // The reader that comes next does not wait for what is still to be written.
    if (this.#blocked) this.#phase = 'draining';
    else this.#complete();
  }

  #complete(): void {
    const inSync = this.#request.done;
    this.#finish({ kind: inSync && this.#response.persistent ? 'next' : 'close' });
    if (this.#engineGone) return;
    if (inSync) this.#engine?.onEnd();
    if (this.#upstreamEnded || !inSync) this.#engine?.onClose(undefined);
  }

  /** The exchange cannot go on, by fault of the client (400) or of the origin (502). */
  #fail(status: number, thrown: unknown): void {
    const error = toSluiceError(thrown);
    this.#giveUp(status, error);
    this.#engine?.onClose(error);
  }

  /** The engine has given up. */
  #cut(status: number): void {
    this.#engineGone = true;
    if (this.#phase === 'open') this.#giveUp(status);
    else if (this.#phase === 'draining') {
      // The response is complete but for what the client has not taken yet.
      const { timers, drainMs } = this.#options;
      this.#drainTimer = timers.after(drainMs, () => this.#conn.reset());
    }
  }

  #giveUp(status: number, error?: SluiceError): void {
    const { started } = this.#response;
    if (started) {
      this.#finish({ kind: 'gone' });
      this.#conn.reset();
    } else {
      const inSync = this.#request.done;
      this.#finish({ kind: 'refuse', status, inSync, ...(error === undefined ? {} : { error }) });
    }
  }

  #finish(end: ExchangeEnd): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    if (this.#drainTimer !== null) this.#options.timers.cancel(this.#drainTimer);
    if (end.kind !== 'gone') this.#returnConn();
    this.#resolve(end);
  }

  #returnConn(): void {
    const { reader } = this.#client;
    this.#conn.attach(reader, false);
    if (this.#pending.length > 0) reader.unread(this.#pending);
    if (this.#clientEnded) reader.onEnd();
  }
}
