import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { DcAnswers, isEncrypted, type DcKeys } from './answers.js';
import type { MadeKey } from './auth-key/key-exchange.js';
import type { SeenCall } from './auth-key/session.js';
import { EventQueue } from './event-queue.js';
import { encodeFrame, FrameDecoder } from './framing.js';
import { hasForbiddenStart, headerLength, openHeader, type OpenedHeader, type TransportTag } from './obfuscation.js';
import { patternBytes } from './pattern.js';
import type { PqRequest } from './res-pq.js';

export type FakeDcMode = 'mtproto' | 'echo' | 'sink' | 'source';

/** A request that the data centre understood. */
export interface SeenRequest extends PqRequest {
  readonly quickAck: boolean;
}

/** How a connection ended. */
export interface ConnectionEnd {
  /** Deciphered bytes received after the header. */
  readonly payloadBytes: number;
  /** SHA-256 of them in hex. */
  readonly sha256: string;
  /** The other side said that it was done, before the connection closed. */
  readonly halfClosed: boolean;
  /** What went wrong, if anything did. */
  readonly error?: Error;
}

export interface DcConnectionOptions {
  readonly mode: FakeDcMode;
  readonly sourceBytes: number;
  readonly keys: DcKeys;
}

const sourceChunk = 64 * 1024;

/** One accepted connection, as the data centre sees it. */
export class FakeDcConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Resolves when the connection is gone; never rejects. */
  readonly ended: Promise<ConnectionEnd>;
  readonly #socket: Socket;
  readonly #options: DcConnectionOptions;
  readonly #onHeader: (connection: FakeDcConnection) => void;
  readonly #hash = createHash('sha256');
  readonly #requests = new EventQueue<SeenRequest>();
  readonly #madeKeys = new EventQueue<MadeKey>();
  readonly #calls = new EventQueue<SeenCall>();
  #held: Buffer = Buffer.alloc(0);
  #header: (OpenedHeader & { readonly bytes: Buffer; readonly tag: TransportTag }) | undefined;
  #frames: FrameDecoder | undefined;
  #answers: DcAnswers | undefined;
  /** Of the frame at hand. */
  #wantsQuickAck = false;
  #payloadBytes = 0;
  #halfClosed = false;
  #error: Error | undefined;

  constructor(socket: Socket, options: DcConnectionOptions, onHeader: (connection: FakeDcConnection) => void) {
    this.#socket = socket;
    this.#options = options;
    this.#onHeader = onHeader;
    this.remoteAddress = socket.remoteAddress ?? '';
    this.remotePort = socket.remotePort ?? 0;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#guard(() => this.#receive(chunk)));
    socket.on('end', () => this.#guard(() => this.#receiveEnd()));
    socket.on('error', (error) => (this.#error ??= error));
    socket.on('drain', () => socket.resume());
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        for (const queue of [this.#requests, this.#madeKeys, this.#calls]) queue.close();
        resolve(this.#summary());
      });
    });
  }

  /** The data centre id in the header: negative for media, +10000 for test. */
  get dc(): number {
    return this.#openedHeader().dc;
  }

  get tag(): TransportTag {
    return this.#openedHeader().tag;
  }

  /** The 64 bytes of the header as they came. */
  get firstBytes(): Buffer {
    return this.#openedHeader().bytes;
  }

  /** Deciphered bytes received after the header, so far. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  /** The next req_pq or req_pq_multi. `timeout` in milliseconds. */
  nextRequest(timeout = 10_000): Promise<SeenRequest> {
    return this.#requests.next('request', timeout);
  }

  /** The next authorization key agreed on here; only a data centre with an RSA key comes so far. */
  nextKey(timeout = 10_000): Promise<MadeKey> {
    return this.#madeKeys.next('authorization key', timeout);
  }

  /** The next call that came encrypted and was answered. */
  nextCall(timeout = 10_000): Promise<SeenCall> {
    return this.#calls.next('call', timeout);
  }

  /** Ends the connection at once; with `reset`, by a TCP reset. */
  destroy(how: 'close' | 'reset' = 'close'): void {
    if (how === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#header === undefined) {
      this.#held = Buffer.concat([this.#held, chunk]);
      if (this.#held.length < headerLength) return;
      this.#readHeader(this.#held.subarray(0, headerLength));
      chunk = this.#held.subarray(headerLength);
      if (chunk.length === 0) return;
    }
    const header = this.#openedHeader();
    const payload = header.decrypt(chunk);
    const isFirst = this.#payloadBytes === 0;
    this.#payloadBytes += payload.length;
    this.#hash.update(payload);
    const { mode } = this.#options;
    if (mode === 'mtproto') this.#answer(payload);
    else if (mode === 'echo') this.#write(payload);
    else if (mode === 'source' && isFirst) this.#pour(0);
  }

  #readHeader(bytes: Buffer): void {
    if (hasForbiddenStart(bytes)) throw new Error('the header starts like another protocol');
    const opened = openHeader(bytes);
    const { tag } = opened;
    if (tag === undefined) throw new Error('the header names no known framing');
    this.#header = { ...opened, tag, bytes: Buffer.from(bytes) };
    this.#frames = new FrameDecoder(tag);
    this.#onHeader(this);
  }

  #answer(payload: Buffer): void {
    for (const frame of this.#frames?.push(payload) ?? []) {
      this.#answers ??= new DcAnswers(this.#options.keys, this.dc, {
        onRequest: (request) => this.#requests.push({ ...request, quickAck: this.#wantsQuickAck }),
        onKey: (key) => this.#madeKeys.push(key),
        onCall: (call) => this.#calls.push(call),
      });
      this.#wantsQuickAck = frame.quickAck;
      for (const answer of this.#answers.to(frame.payload)) {
        // Telethon cuts off less than a word of padding, and hands the rest to its cipher, which dies of it.
        const padding = isEncrypted(answer) ? { padding: randomBytes(randomInt(4)) } : {};
        this.#write(encodeFrame(this.tag, answer, padding));
      }
    }
  }

  #pour(from: number): void {
    for (let offset = from; offset < this.#options.sourceBytes;) {
      const bytes = patternBytes(Math.min(sourceChunk, this.#options.sourceBytes - offset), offset);
      offset += bytes.length;
      if (this.#socket.destroyed) return;
      if (!this.#socket.write(this.#openedHeader().encrypt(bytes)) && offset < this.#options.sourceBytes) {
        this.#socket.once('drain', () => this.#pour(offset));
        return;
      }
    }
    this.#socket.end();
  }

  #write(payload: Uint8Array): void {
    if (!this.#socket.write(this.#openedHeader().encrypt(payload))) this.#socket.pause();
  }

  #receiveEnd(): void {
    this.#halfClosed = true;
    if (this.#header === undefined) throw new Error(`the connection ended after ${this.#held.length} bytes`);
    const { mode } = this.#options;
    if (mode === 'sink') this.#write(this.#hash.copy().digest());
    // A source that was never asked has nothing under way; one that was ends by itself.
    if (mode !== 'source' || this.#payloadBytes === 0) this.#socket.end();
  }

  #openedHeader() {
    if (this.#header === undefined) throw new Error('the header has not come yet');
    return this.#header;
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#error ??= error instanceof Error ? error : new Error(String(error));
      this.#socket.destroy();
    }
  }

  #summary(): ConnectionEnd {
    const error = this.#error;
    return {
      payloadBytes: this.#payloadBytes,
      sha256: this.#hash.digest('hex'),
      halfClosed: this.#halfClosed,
      ...(error === undefined ? {} : { error }),
    };
  }
}
