import { Buffer } from 'node:buffer';
import { SluiceError, toSluiceError, type Conn, type ConnSink, type Counter, type Endpoint } from '@sluice/plugin-api';
import type { Carrier, CarrierUser } from './carrier.js';

/**
 * A carrier that is given out as a conn: what is written to it has come for the carrier's user, and
 * what the user sends can be read from it. So frames pass without a copy between the two.
 */
export class ConnCarrier implements Carrier, Conn {
  bytesRead = 0;
  bytesWritten = 0;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  #user: CarrierUser | undefined;
  #sink: ConnSink | null = null;
  /** By who reads the conn. */
  #readerPaused = true;
  /** Within a call of the sink's onData. */
  #delivering = false;
  /** What the user has sent and nobody has read yet. */
  #waiting: Buffer[] = [];
  /** The user was told to wait. */
  #owesDrained = false;
  /** By the user. */
  #userPaused = false;
  /** Who writes the conn was told to wait. */
  #owesDrain = false;
  /** The user has ended in order, and perhaps the sink knows. */
  #ending = false;
  #endDelivered = false;
  #closed = false;
  #closeTold = false;
  #error: Error | undefined;
  #meterRead: Counter | undefined;
  #meterWritten: Counter | undefined;

  constructor(local: Endpoint, remote: Endpoint) {
    this.local = local;
    this.remote = remote;
  }

  // The carrier.

  begin(user: CarrierUser): void {
    this.#user = user;
  }

  send(bytes: Buffer): boolean {
    if (this.#closed || this.#ending) return true;
    if (!this.#readerPaused && !this.#delivering && this.#waiting.length === 0) {
      this.#deliver(bytes);
      if (!this.#readerPaused) return true;
    } else this.#waiting.push(bytes);
    this.#owesDrained = true;
    return false;
  }

  close(error: SluiceError | undefined): void {
    this.#shut(error, error);
  }

  finish(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    const user = this.#user;
    this.#user = undefined;
    if (!this.#readerPaused && !this.#delivering) this.#deliverWaiting();
    user?.lost(undefined);
  }

  pauseReading(): void {
    this.#userPaused = true;
  }

  resumeReading(): void {
    this.#userPaused = false;
    if (!this.#owesDrain || this.#closed) return;
    this.#owesDrain = false;
    try {
      this.#sink?.onDrain();
    } catch (error) {
      this.close(toSluiceError(error));
    }
  }

  // The conn.

  get destroyed(): boolean {
    return this.#closeTold;
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
    // There is no socket here.
  }

  pause(): void {
    this.#readerPaused = true;
  }

  resume(): void {
    if (this.#closed) return;
    this.#readerPaused = false;
    if (!this.#delivering) this.#deliverWaiting();
  }

  write(chunk: Uint8Array): boolean {
    if (this.#closed || this.#user === undefined || chunk.length === 0) return true;
    this.bytesWritten += chunk.length;
    this.#meterWritten?.add(chunk.length);
    try {
      this.#user.received(asBuffer(chunk));
    } catch (error) {
      this.close(toSluiceError(error));
    }
    // All of it has been taken; the answer is about what is to come.
    if (!this.#userPaused || this.#closed) return true;
    this.#owesDrain = true;
    return false;
  }

  writeVolatile(chunk: Uint8Array): boolean {
    return this.write(chunk);
  }

  /** Frames that come no more are the end of both directions. */
  end(): void {
    this.#shut(undefined, undefined);
  }

  destroy(error?: Error): void {
    this.#shut(error, error === undefined ? undefined : toSluiceError(error, 'E_CONN_RESET'));
  }

  reset(error?: Error): void {
    this.#shut(error, toSluiceError(error ?? CUT_OFF, 'E_CONN_RESET'));
  }

  #deliverWaiting(): void {
    while (!this.#readerPaused && !this.#closed) {
      const bytes = this.#waiting.shift();
      if (bytes === undefined) break;
      this.#deliver(bytes);
    }
    if (this.#readerPaused || this.#closed) return;
    if (this.#ending) this.#deliverEnd();
    else if (this.#owesDrained) {
      this.#owesDrained = false;
      this.#user?.drained();
    }
  }

  #deliver(bytes: Buffer): void {
    this.bytesRead += bytes.length;
    this.#meterRead?.add(bytes.length);
    this.#delivering = true;
    try {
      // Taken by the time of the return, or else the sink has paused: then it is given away.
      this.#sink?.onData(bytes, false);
    } catch (error) {
      this.close(toSluiceError(error));
    }
    this.#delivering = false;
  }

  #deliverEnd(): void {
    if (this.#endDelivered) return;
    this.#endDelivered = true;
    try {
      this.#sink?.onEnd();
    } catch (error) {
      this.close(toSluiceError(error));
    }
  }

  /** @param lost what the user is told */
  #shut(error: Error | undefined, lost: SluiceError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    this.#waiting = [];
    const user = this.#user;
    this.#user = undefined;
    // Not within the call that closed it: nobody expects its own end there.
    queueMicrotask(() => {
      if (error === undefined) this.#deliverEnd();
      this.#closeTold = true;
      this.#sink?.onClose(error);
    });
    user?.lost(lost);
  }
}

const CUT_OFF = new SluiceError('E_CONN_RESET', 'the connection was cut off');

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
