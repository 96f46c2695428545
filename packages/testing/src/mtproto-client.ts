import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeFrame, FrameDecoder, type FrameOptions } from './fake-dc/framing.js';
import { createHeader, type ObfuscatedStream, type TransportTag } from './fake-dc/obfuscation.js';
import { decodeResPq, encodePqRequest, type PqRequest, type ResPq } from './fake-dc/res-pq.js';

export interface MtprotoClientOptions {
  readonly host: string;
  readonly port: number;
  /** 32 hex digits, or `dd` and 32 hex digits; absent: a connection to a data centre itself. */
  readonly secret?: string;
  /** Data centre id to ask for, int16; default 2. */
  readonly dc?: number;
  /** Default: padded for a dd secret, intermediate otherwise. */
  readonly tag?: TransportTag;
  /** `at-once` (default) sends the header on connecting; `by-hand` leaves it to the caller, through `socket`. */
  readonly sendHeader?: 'at-once' | 'by-hand';
  /** 64 bytes to build the header from instead of random ones. */
  readonly noise?: Uint8Array;
  /** How long any one wait may take, in milliseconds; default 10,000. */
  readonly timeout?: number;
}

/** The client's end of an obfuscated2 connection, open to every kind of misuse a test needs. */
export interface MtprotoClient extends ObfuscatedStream {
  readonly socket: Socket;
  /** The 64 bytes of the header, sent or to be sent. */
  readonly header: Buffer;
  readonly tag: TransportTag;
  /** Enciphers and sends bytes as they are; false when the socket asks to wait for `drain`. */
  send(payload: Uint8Array): boolean;
  /** Frames, enciphers and sends one message. */
  sendFrame(payload: Uint8Array, options?: FrameOptions): boolean;
  /** Exactly `length` deciphered bytes. Rejects when the connection ends before. */
  read(length: number): Promise<Buffer>;
  /** All deciphered bytes until the other side is done. */
  readToEnd(): Promise<Buffer>;
  /** The payload of the next whole frame. */
  readFrame(): Promise<Buffer>;
  /** One round of req_pq_multi (or req_pq) and resPQ; rejects when the nonce that comes back is another. */
  requestPq(options?: { readonly method?: PqRequest['method']; readonly quickAck?: boolean }): Promise<ResPq>;
  /** Half-close: nothing more will be sent. */
  end(): void;
  /** Closes at once and waits until the socket is gone. */
  close(): Promise<void>;
}

/** Connects, and sends the header unless told otherwise. Rejects when the connection is refused. */
export async function connectMtproto(options: MtprotoClientOptions): Promise<MtprotoClient> {
  const { key, isPadded } = parseSecret(options.secret);
  const tag = options.tag ?? (isPadded ? 'padded' : 'intermediate');
  const stream = createHeader({
    tag,
    dc: options.dc ?? 2,
    ...(key === undefined ? {} : { secret: key }),
    ...(options.noise === undefined ? {} : { noise: options.noise }),
  });
  const socket = connect({ host: options.host, port: options.port, allowHalfOpen: true, noDelay: true });
  await once(socket, 'connect');
  const incoming = new Incoming(socket, stream, options.timeout ?? 10_000);
  const frames = new FrameDecoder(tag);
  const ready: Buffer[] = [];
  if (options.sendHeader !== 'by-hand') socket.write(stream.header);

  const client: MtprotoClient = {
    ...stream,
    socket,
    tag,
    send: (payload) => socket.write(stream.encrypt(payload)),
    sendFrame: (payload, frameOptions) => client.send(encodeFrame(tag, payload, frameOptions)),
    read: (length) => incoming.read(length),
    readToEnd: () => incoming.readToEnd(),
    async readFrame() {
      for (;;) {
        const frame = ready.shift();
        if (frame !== undefined) return frame;
        ready.push(...frames.push(await incoming.readSome()).map(({ payload }) => payload));
      }
    },
    async requestPq({ method = 'req_pq_multi', quickAck = false } = {}) {
      const nonce = randomBytes(16);
      client.sendFrame(encodePqRequest({ method, nonce }), { quickAck });
      const answer = decodeResPq(await client.readFrame());
      if (answer === undefined) throw new Error('the answer is not resPQ');
      if (!answer.nonce.equals(nonce)) throw new Error('resPQ carries another nonce');
      return answer;
    },
    end: () => void socket.end(),
    async close() {
      if (socket.closed) return;
      const closed = once(socket, 'close');
      socket.destroy();
      await closed;
    },
  };
  return client;
}

function parseSecret(secret: string | undefined): { key: Buffer | undefined; isPadded: boolean } {
  if (secret === undefined) return { key: undefined, isPadded: false };
  const match = /^(dd)?([0-9a-f]{32})$/i.exec(secret);
  if (match === null) throw new TypeError('a secret is 32 hex digits, after dd or nothing');
  return { key: Buffer.from(match[2] ?? '', 'hex'), isPadded: match[1] !== undefined };
}

/** Deciphered bytes that have come and nobody has asked for yet. */
class Incoming {
  #bytes: Buffer[] = [];
  #length = 0;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;
  readonly #timeout: number;

  constructor(socket: Socket, stream: ObfuscatedStream, timeout: number) {
    this.#timeout = timeout;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes.push(stream.decrypt(chunk));
      this.#length += chunk.length;
      this.#wake?.();
    });
    socket.on('error', (error) => (this.#error = error));
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake?.();
      });
    }
  }

  async read(length: number): Promise<Buffer> {
    await this.#until(() => this.#length >= length, `${length} bytes`);
    return this.#take(length);
  }

  async readSome(): Promise<Buffer> {
    await this.#until(() => this.#length > 0, 'bytes');
    return this.#take(this.#length);
  }

  async readToEnd(): Promise<Buffer> {
    await this.#until(() => this.#ended, 'the end');
    if (this.#error !== undefined) throw this.#error;
    return this.#take(this.#length);
  }

  #take(length: number): Buffer {
    const all = Buffer.concat(this.#bytes);
    this.#bytes = [all.subarray(length)];
    this.#length -= length;
    return all.subarray(0, length);
  }

  async #until(isReady: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + this.#timeout;
    while (!isReady()) {
      if (this.#ended) throw this.#error ?? new Error(`the connection ended while waiting for ${what}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`waited ${this.#timeout} ms for ${what}, ${this.#length} bytes came`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
