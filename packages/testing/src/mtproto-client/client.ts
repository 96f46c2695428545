import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeFrame, FrameDecoder, type FrameOptions } from '../fake-dc/framing.js';
import { createHeader, type ObfuscatedStream, type TransportTag } from '../fake-dc/obfuscation.js';
import { decodeResPq, encodePqRequest, type PqRequest, type ResPq } from '../fake-dc/res-pq.js';
import { shakeHands, type FakeTlsLayer, type FakeTlsOptions } from './fake-tls/layer.js';
import { Incoming } from './incoming.js';
import { parseSecret } from './secret.js';

export interface MtprotoClientOptions {
  readonly host: string;
  readonly port: number;
  /**
   * 32 hex digits, after `dd` or nothing, or between `ee` and a domain in hex, which means fake TLS;
   * absent: a connection to a data centre itself.
   */
  readonly secret?: string;
  /** Data centre id to ask for, int16; default 2. */
  readonly dc?: number;
  /** Default: padded for a dd or ee secret, intermediate otherwise. */
  readonly tag?: TransportTag;
  /** `at-once` (default) sends the header on connecting; `by-hand` leaves it to the caller, through `socket`. */
  readonly sendHeader?: 'at-once' | 'by-hand';
  /** How to speak fake TLS, under an ee secret. */
  readonly tls?: FakeTlsOptions;
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
  /** Under an ee secret: what was said, and what came. */
  readonly tls: FakeTlsLayer | undefined;
  /** Sends bytes that are enciphered already (such as the header): under an ee secret in records, otherwise as they are. */
  sendRaw(bytes: Uint8Array): boolean;
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

/**
 * Connects, shakes hands under an ee secret, and sends the header unless told otherwise. Rejects when the connection
 * is refused, and with a FakeTlsError when the proxy's part of the handshake is not right.
 */
export async function connectMtproto(options: MtprotoClientOptions): Promise<MtprotoClient> {
  const { key, isPadded, domain } = parseSecret(options.secret);
  const tag = options.tag ?? (isPadded ? 'padded' : 'intermediate');
  const stream = createHeader({
    tag,
    dc: options.dc ?? 2,
    ...(key === undefined ? {} : { secret: key }),
    ...(options.noise === undefined ? {} : { noise: options.noise }),
  });
  const socket = connect({ host: options.host, port: options.port, allowHalfOpen: true, noDelay: true });
  await once(socket, 'connect');
  const incoming = new Incoming(socket, options.timeout ?? 10_000);
  let tls: FakeTlsLayer | undefined;
  if (key !== undefined && domain !== undefined) {
    try {
      tls = await shakeHands(socket, incoming, key, domain, options.tls ?? {});
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }
  incoming.decodeBy((chunk) => stream.decrypt(chunk));
  const frames = new FrameDecoder(tag);
  const ready: Buffer[] = [];

  const client: MtprotoClient = {
    ...stream,
    socket,
    tag,
    tls,
    sendRaw: (bytes) => socket.write(tls === undefined ? bytes : tls.encode(bytes)),
    send: (payload) => client.sendRaw(stream.encrypt(payload)),
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
  if (options.sendHeader !== 'by-hand') client.sendRaw(stream.header);
  return client;
}
