import { Buffer } from 'node:buffer';
import type { Codec, Emit } from '../codec.js';
import type { Conn, ConnSink } from '../conn/conn.js';
import { errnoOf, SluiceError } from '../errors.js';

/** The most a handshake may leave unread before the reader stops taking bytes in. */
const DEFAULT_LIMIT = 64 * 1024;
/** This much may wait before reading stops while nobody asks. */
const READ_AHEAD = 4 * 1024;
const EMPTY = Buffer.alloc(0);

interface Waiting {
  /** Answers how many bytes to hand out, or -1 for "not enough yet". */
  ready(bytes: Buffer): number;
  resolve(bytes: Buffer): void;
  reject(error: SluiceError): void;
  /** Resolve with what is there at the end of the stream instead of failing. */
  readonly endIsFine: boolean;
}

/**
 * The pull side of a connection: reads a handshake piece by piece. One read at a time. What was
 * not asked for stays for the relay. Time is limited from outside, by closing the link.
 */
export class HandshakeReader implements ConnSink {
  readonly #conn: Conn;
  #decoders: Codec[];
  #buffered: Buffer = EMPTY;
  #limit = DEFAULT_LIMIT;
  #waiting: Waiting | null = null;
  #ended = false;
  #failed: SluiceError | undefined;
  #expired: SluiceError | undefined;
  readonly #keep: Emit = (bytes) => this.#append(bytes);

  constructor(conn: Conn, decoders: Codec[]) {
    this.#conn = conn;
    this.#decoders = decoders;
    conn.attach(this, false);
  }

  /** Bytes read from the peer and not handed out yet. */
  get buffered(): Buffer {
    return this.#buffered;
  }

  /** The peer has sent its end and all before it was handed out. */
  get ended(): boolean {
    return this.#ended && this.#buffered.length === 0;
  }

  /** Sets how many bytes a single read may need. @param bytes default 65536 */
  limit(bytes: number): void {
    this.#limit = bytes;
  }

  /**
   * Exactly `n` bytes.
   * @throws SluiceError E_HANDSHAKE_LIMIT, E_CONN_CLOSED, E_CONN_RESET, or what a decoder threw
   */
  readExactly(n: number): Promise<Buffer> {
    if (n > this.#limit) return Promise.reject(this.#tooMuch());
    return this.#read((bytes) => (bytes.length >= n ? n : -1), false);
  }

  /** At least one byte, and at most `max`. Errors as {@link readExactly}. */
  readSome(max = this.#limit): Promise<Buffer> {
    return this.#read((bytes) => (bytes.length > 0 ? Math.min(bytes.length, max) : -1), false);
  }

  /** Like {@link readSome}, but an empty buffer at the end of the stream. */
  readSomeOrEnd(max = this.#limit): Promise<Buffer> {
    return this.#read((bytes) => (bytes.length > 0 ? Math.min(bytes.length, max) : -1), true);
  }

  /** All bytes up to and including the first `delimiter`. Errors as {@link readExactly}. */
  readUntil(delimiter: string | Buffer): Promise<Buffer> {
    const needle = typeof delimiter === 'string' ? Buffer.from(delimiter, 'latin1') : delimiter;
    let searched = 0;
    return this.#read((bytes) => {
      const at = bytes.indexOf(needle, Math.max(0, searched - needle.length + 1));
      searched = bytes.length;
      return at < 0 ? -1 : at + needle.length;
    }, false);
  }

  /** The next `n` bytes, which stay buffered. Errors as {@link readExactly}. */
  async peek(n: number): Promise<Buffer> {
    if (n > this.#limit) throw this.#tooMuch();
    if (this.#buffered.length < n) await this.#read((bytes) => (bytes.length >= n ? 0 : -1), false);
    return this.#buffered.subarray(0, n);
  }

  /**
   * Waits until `enough` is content with what is buffered, all of which stays buffered. It is asked
   * again whenever bytes have come. Errors as {@link readExactly}; what had come by then stays, too.
   */
  async inspect(enough: (bytes: Buffer) => boolean): Promise<Buffer> {
    if (!enough(this.#buffered)) await this.#read((bytes) => (enough(bytes) ? 0 : -1), false);
    return this.#buffered;
  }

  /** Takes bytes off the front of what is buffered, at most as many as there are. */
  skip(n: number): void {
    this.#buffered = this.#buffered.length <= n ? EMPTY : this.#buffered.subarray(n);
  }

  /** Fails the read that waits, if there is one. The reader can be read from again. */
  giveUp(error: SluiceError): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(error);
  }

  /** The time is up: fails the read that waits, or else the next one. */
  expire(error: SluiceError): void {
    if (this.#waiting !== null) this.giveUp(error);
    else this.#expired = error;
  }

  /** Puts bytes back in front of what is still to be read. */
  unread(bytes: Buffer): void {
    this.#buffered = this.#buffered.length === 0 ? bytes : Buffer.concat([bytes, this.#buffered]);
  }

  /** Decodes what follows (and what is already buffered) by one more codec. */
  pushDecoder(codec: Codec): void {
    const waiting = this.#buffered;
    this.#buffered = EMPTY;
    this.#decoders = [...this.#decoders, codec];
    if (waiting.length > 0) codec.write(waiting, this.#keep);
  }

  /**
   * Hands on: the decoded bytes that nobody has asked for. Whoever takes over attaches to the conn
   * in the same turn (it may be reading) and looks at {@link sawEnd} and {@link failure}.
   */
  release(): Buffer {
    const rest = this.#buffered;
    this.#buffered = EMPTY;
    return rest;
  }

  /** The peer's end has been seen, though bytes before it may still be buffered. */
  get sawEnd(): boolean {
    return this.#ended;
  }

  get decoders(): readonly Codec[] {
    return this.#decoders;
  }

  get failure(): SluiceError | undefined {
    return this.#failed;
  }

  onData(chunk: Buffer): void {
    try {
      this.#decode(chunk, 0);
    } catch (error) {
      this.#fail(
        error instanceof SluiceError ? error : new SluiceError('E_INTERNAL', 'a decoder failed', { cause: error }),
      );
      this.#conn.destroy();
      return;
    }
    this.#serve();
    // Reading goes on while little waits: to stop and start costs system calls, and a peer that
    // leaves meanwhile would go unnoticed.
    if (this.#waiting === null && this.#buffered.length >= READ_AHEAD) this.#conn.pause();
  }

  onEnd(): void {
    this.#ended = true;
    this.#serve();
    this.#rejectAtEnd();
  }

  onDrain(): void {
    // Handshake messages are small; nobody waits for them to drain.
  }

  onClose(error: Error | undefined): void {
    this.#ended = true;
    if (error instanceof SluiceError) this.#fail(error);
    else if (error !== undefined) this.#fail(resetError(error));
    else this.#fail(closedError());
  }

  #decode(chunk: Buffer, layer: number): void {
    const codec = this.#decoders[layer];
    // A copy: the chunk's memory is not ours after the call.
    if (codec === undefined) this.#append(Buffer.from(chunk));
    else codec.write(chunk, (bytes) => this.#decode(bytes, layer + 1));
  }

  #append(bytes: Buffer): void {
    this.#buffered = this.#buffered.length === 0 ? bytes : Buffer.concat([this.#buffered, bytes]);
  }

  #read(ready: (bytes: Buffer) => number, endIsFine: boolean): Promise<Buffer> {
    if (this.#waiting !== null) {
      return Promise.reject(new SluiceError('E_INTERNAL', 'two handshake reads at the same time'));
    }
    const expired = this.#expired;
    if (expired !== undefined) {
      this.#expired = undefined;
      return Promise.reject(expired);
    }
    return new Promise<Buffer>((resolve, reject) => {
      this.#waiting = { ready, resolve, reject, endIsFine };
      this.#serve();
      if (this.#waiting === null) return;
      if (this.#failed !== undefined) this.#fail(this.#failed);
      else if (this.#ended) this.#rejectAtEnd();
      else this.#conn.resume();
    });
  }

  #serve(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    const count = waiting.ready(this.#buffered);
    if (count < 0) {
      if (this.#buffered.length < this.#limit) return;
      this.#waiting = null;
      waiting.reject(this.#tooMuch());
      return;
    }
    const bytes = this.#buffered.subarray(0, count);
    this.#buffered = this.#buffered.length === count ? EMPTY : this.#buffered.subarray(count);
    this.#waiting = null;
    waiting.resolve(bytes);
  }

  #rejectAtEnd(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    if (waiting.endIsFine) waiting.resolve(EMPTY);
    else waiting.reject(closedError());
  }

  #fail(error: SluiceError): void {
    this.#failed ??= error;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(this.#failed);
  }

  #tooMuch(): SluiceError {
    return new SluiceError('E_HANDSHAKE_LIMIT', `the handshake is longer than ${this.#limit} bytes`);
  }
}

function closedError(): SluiceError {
  return new SluiceError('E_CONN_CLOSED', 'the peer closed the connection during the handshake');
}

/** What a socket error during a handshake or relay is called. One error for each errno: resets are frequent, and all alike. */
export function resetError(error: Error): SluiceError {
  const errno = errnoOf(error) ?? error.message;
  let known = knownResets.get(errno);
  if (known === undefined) {
    known =
      errno === 'ETIMEDOUT'
        ? new SluiceError('E_CONN_TIMEOUT', 'the network gave up on the connection')
        : new SluiceError('E_CONN_RESET', `the connection was cut off (${errno})`);
    if (knownResets.size < MAX_KNOWN_RESETS) knownResets.set(errno, known);
  }
  return known;
}

const MAX_KNOWN_RESETS = 32;
const knownResets = new Map<string, SluiceError>();
