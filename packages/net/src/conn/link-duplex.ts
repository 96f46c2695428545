import { Buffer } from 'node:buffer';
import { Duplex } from 'node:stream';
import type { Emit } from '../codec.js';
import { SluiceError, toSluiceError } from '../errors.js';
import type { Link } from '../link.js';
import type { ConnSink } from './conn.js';

/**
 * A link as a Node duplex stream, for libraries that want one (TLS, HTTP). Takes the link over,
 * with its codecs and what its handshake left over.
 */
export class LinkDuplex extends Duplex implements ConnSink {
  readonly #link: Link;
  readonly #push: Emit = (bytes) => void this.push(bytes);
  #written: ((error?: Error) => void) | null = null;
  #stalled = false;
  #cutOff = false;

  constructor(link: Link) {
    super({ allowHalfOpen: true, autoDestroy: true });
    this.#link = link;
    const rest = link.reader.release();
    link.conn.attach(this, false);
    if (rest.length > 0) this.push(rest);
    if (link.reader.sawEnd && link.reader.failure === undefined) this.onEnd();
  }

  override _read(): void {
    this.#link.conn.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#stalled = false;
    try {
      this.#encode(chunk, 0);
    } catch (error) {
      callback(toSluiceError(error));
      return;
    }
    if (this.#stalled) this.#written = callback;
    else callback();
  }

  override _final(callback: (error?: Error | null) => void): void {
    try {
      this.#link.end();
    } catch (error) {
      callback(toSluiceError(error));
      return;
    }
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const { conn } = this.#link;
    if (error !== null || this.#cutOff) conn.reset(error ?? undefined);
    else conn.destroy();
    this.#link.dispose();
    const written = this.#written;
    this.#written = null;
    written?.(error ?? new SluiceError('E_CONN_CLOSED', 'the stream was closed before its bytes were out'));
    callback(error);
  }

  /** Destroys the stream and lets the peer see that it is cut off; named as `net.Socket` names it. */
  resetAndDestroy(): this {
    this.#cutOff = true;
    return this.destroy();
  }

  onData(chunk: Buffer): void {
    try {
      this.#decode(chunk, 0);
    } catch (error) {
      this.destroy(toSluiceError(error));
      return;
    }
    if (this.readableLength >= this.readableHighWaterMark) this.#link.conn.pause();
  }

  onEnd(): void {
    try {
      this.#link.decoders.forEach((codec, layer) => codec.end?.((bytes) => this.#decode(bytes, layer + 1)));
    } catch (error) {
      this.destroy(toSluiceError(error));
      return;
    }
    this.push(null);
  }

  onDrain(): void {
    const written = this.#written;
    this.#written = null;
    written?.();
  }

  onClose(error: Error | undefined): void {
    if (!this.destroyed) this.destroy(error);
  }

  #decode(chunk: Buffer, layer: number): void {
    const codec = this.#link.decoders[layer];
    if (codec === undefined) this.#push(Buffer.from(chunk));
    else codec.write(chunk, (bytes) => this.#decode(bytes, layer + 1));
  }

  #encode(chunk: Buffer, layer: number): void {
    const codec = this.#link.encoders[layer];
    if (codec !== undefined) codec.write(chunk, (bytes) => this.#encode(bytes, layer + 1));
    else if (!this.#link.conn.write(chunk)) this.#stalled = true;
  }
}
