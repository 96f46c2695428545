import { Buffer } from 'node:buffer';
import { isIPv4 } from 'node:net';
import { SluiceError, toSluiceError, type Conn, type ConnSink, type Counter, type Endpoint } from '@sluice/plugin-api';
import { AnswerQueue, MAX_WAITING } from './answer-queue.js';
import { ClientStream } from './client-stream.js';
import type { ConnectionMember, MiddleProxyConnection } from './middle-proxy-connection.js';
import type { MiddleProxyClient, MiddleProxyTarget } from './middle-proxy-target.js';
import type { QueueBudget, QueueHolder } from './queue-budget.js';
import { seenFromOutside } from './rpc/handshake.js';
import { ProxyRequestHead } from './rpc/proxy-request.js';

export interface MiddleProxyConnOptions {
  readonly target: Pick<MiddleProxyTarget, 'adTag' | 'natAddress'>;
  readonly client: MiddleProxyClient;
  /** The connection serves this client alone: it can wait for it, and goes with it. */
  readonly exclusive: boolean;
  readonly budget: QueueBudget;
}

/**
 * One client's share of a connection to a middle proxy. What is written is what the client sent,
 * still obfuscated; what is read is what it expects, obfuscated for it.
 */
export class MiddleProxyConn implements Conn, ConnectionMember, QueueHolder {
  bytesRead = 0;
  bytesWritten = 0;
  readonly #connection: MiddleProxyConnection;
  readonly #id: number;
  readonly #exclusive: boolean;
  readonly #budget: QueueBudget;
  readonly #stream: ClientStream;
  readonly #waiting = new AnswerQueue();
  #held = 0;
  #sink: ConnSink | null = null;
  #paused = true;
  /** Within a call of the sink's onData. */
  #delivering = false;
  #owesDrain = false;
  /** The middle proxy has heard of the client. */
  #introduced = false;
  /** By the middle proxy. */
  #ended = false;
  #endDelivered = false;
  /** By us. */
  #ending = false;
  #closed = false;
  #closeTold = false;
  #error: Error | undefined;
  #meterRead: Counter | undefined;
  #meterWritten: Counter | undefined;

  /** Uses the client's keystreams up: nobody else can use them after it. */
  constructor(connection: MiddleProxyConnection, options: MiddleProxyConnOptions) {
    const { target, client } = options;
    const { source, local, layer } = client;
    this.#connection = connection;
    this.#exclusive = options.exclusive;
    this.#budget = options.budget;
    this.#id = connection.join(this);
    const head = new ProxyRequestHead(this.#id, {
      framing: layer.framing,
      source,
      local: seenFromOutside(local, target.natAddress, isIPv4(local.address)),
      adTag: target.adTag,
    });
    this.#stream = new ClientStream(layer, head);
  }

  get local(): Endpoint {
    return this.#connection.local;
  }

  get remote(): Endpoint {
    return this.#connection.remote;
  }

  /** Not before it has been told: who asks and attaches in between learns why. */
  get destroyed(): boolean {
    return this.#closeTold;
  }

  get heldBytes(): number {
    return this.#held;
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
    if (this.#exclusive) this.#connection.pause();
  }

  resume(): void {
    if (this.#closed) return;
    this.#paused = false;
    if (!this.#delivering) this.#deliverWaiting();
    else if (this.#exclusive) this.#connection.resume();
  }

  write(chunk: Uint8Array): boolean {
    if (this.#closed || this.#ending || this.#ended || chunk.length === 0) return true;
    this.bytesWritten += chunk.length;
    this.#meterWritten?.add(chunk.length);
    try {
      this.#stream.requests(asBuffer(chunk), (requests) => {
        this.#introduced = true;
        this.#connection.send(requests);
      });
    } catch (error) {
      this.destroy(toSluiceError(error));
      return true;
    }
    this.#account();
    if (!this.#connection.blocked) return true;
    this.#owesDrain = true;
    return false;
  }

  writeVolatile(chunk: Uint8Array): boolean {
    // What is kept of it has been deciphered into other memory.
    return this.write(chunk);
  }

  /** The middle proxy knows no half-close: it learns of the end when the conn closes. */
  end(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    if (this.#endDelivered) this.#close(undefined);
  }

  destroy(error?: Error): void {
    this.#close(error);
  }

  reset(error?: Error): void {
    // A middle proxy does not tell one from the other.
    this.#close(error);
  }

  answered(frame: Buffer, start: number, end: number): void {
    // Enciphered, it is a copy: nothing of the frame is kept.
    if (!this.#closed) this.#emit(this.#stream.answer(frame, start, end));
  }

  acknowledged(token: Buffer): void {
    if (!this.#closed) this.#emit(this.#stream.acknowledgement(token));
  }

  closedByPeer(): void {
    this.#ended = true;
    this.#owesDrain = false;
    if (!this.#paused && !this.#delivering) this.#deliverWaiting();
  }

  drained(): void {
    if (!this.#owesDrain || this.#closed) return;
    this.#owesDrain = false;
    try {
      this.#sink?.onDrain();
    } catch (error) {
      this.#close(toSluiceError(error));
    }
  }

  lost(error: SluiceError): void {
    this.#ended = true;
    this.#close(error);
  }

  giveUp(): void {
    this.#close(
      new SluiceError('E_MTPROTO_CLIENT_SLOW', 'all clients together left too much of their answers waiting'),
    );
  }

  #emit(bytes: Buffer): void {
    if (!this.#paused && !this.#delivering && this.#waiting.empty) {
      this.#deliver(bytes);
      return;
    }
    this.#waiting.push(bytes);
    if (this.#exclusive) this.#connection.pause();
    else if (this.#waiting.cost > MAX_WAITING && this.#waiting.length > 1) {
      this.#close(new SluiceError('E_MTPROTO_CLIENT_SLOW', 'the client left too much of its answers waiting'));
      return;
    }
    this.#account();
  }

  #deliverWaiting(): void {
    while (!this.#paused && !this.#closed) {
      const bytes = this.#waiting.shift();
      if (bytes === undefined) break;
      this.#deliver(bytes);
    }
    if (this.#closed) return;
    this.#account();
    if (this.#paused || this.#closed) return;
    if (this.#ended) this.#deliverEnd();
    else if (this.#exclusive) this.#connection.resume();
  }

  #deliver(bytes: Buffer): void {
    this.bytesRead += bytes.length;
    this.#meterRead?.add(bytes.length);
    this.#delivering = true;
    try {
      this.#sink?.onData(bytes, false);
    } catch (error) {
      // Thrown on, it would end the connection of all.
      this.#close(toSluiceError(error));
    }
    this.#delivering = false;
  }

  #deliverEnd(): void {
    if (this.#endDelivered) return;
    this.#endDelivered = true;
    try {
      this.#sink?.onEnd();
    } catch (error) {
      this.#close(toSluiceError(error));
    }
    if (this.#ending) this.#close(undefined);
  }

  #account(): void {
    if (this.#closed) return;
    const held = this.#waiting.cost + this.#stream.pendingBytes;
    const change = held - this.#held;
    if (change === 0) return;
    this.#held = held;
    this.#budget.change(this, change);
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    this.#waiting.clear();
    this.#stream.clear();
    const held = this.#held;
    this.#held = 0;
    if (held > 0) this.#budget.change(this, -held);
    this.#connection.leave(this.#id, this.#introduced && !this.#ended);
    if (this.#exclusive) this.#connection.close();
    // Not within the call that closed it: nobody expects its own end there.
    queueMicrotask(() => {
      this.#closeTold = true;
      this.#sink?.onClose(this.#error);
    });
  }
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
