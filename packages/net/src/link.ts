import type { Buffer } from 'node:buffer';
import type { Codec, CodecPair, Emit } from './codec.js';
import type { Conn } from './conn/conn.js';
import type { TcpOptions } from './conn/tcp-options.js';
import type { DataPlane } from './data-plane.js';
import { toSluiceError } from './errors.js';
import { HandshakeReader } from './handshake/reader.js';
import type { RelayTimeouts } from './relay/timeouts.js';

/** A peer that sends more than this to a closing link is not on its way out. */
const LINGER_BYTES = 256 * 1024;

/**
 * A connection together with the layers of protocol that handshakes have put on it. Inbounds are
 * given one, outbounds return one, the relay joins two.
 */
export class Link {
  readonly conn: Conn;
  readonly reader: HandshakeReader;
  /** Set by a handler whose settings limit how long its connections may be quiet; the relay obeys the shorter. */
  timeouts: RelayTimeouts | undefined = undefined;
  /** Set by a handler whose settings say how a dead peer of this link is found. */
  tcp: TcpOptions | undefined = undefined;
  #encoders: Codec[] = [];
  #ended = false;
  #disposed = false;
  readonly #send: Emit = (bytes) => void this.conn.write(bytes);

  constructor(conn: Conn) {
    this.conn = conn;
    this.reader = new HandshakeReader(conn, []);
  }

  /** Decoders in the order in which bytes read pass them. */
  get decoders(): readonly Codec[] {
    return this.reader.decoders;
  }

  /** Encoders in the order in which bytes written pass them. */
  get encoders(): readonly Codec[] {
    return this.#encoders;
  }

  /** Adds a layer on top: what is read and written from now on passes it too. */
  push(pair: CodecPair): void {
    if (pair.decode !== undefined) this.reader.pushDecoder(pair.decode);
    if (pair.encode !== undefined) this.#encoders = [pair.encode, ...this.#encoders];
  }

  /** Writes handshake bytes through the layers. The memory must not change afterwards. */
  write(bytes: Buffer): void {
    if (this.#encoders.length === 0) this.#send(bytes);
    else this.#encode(bytes, 0);
  }

  /** Ends our direction after what was written, with what the encoders have to say last. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#encoders.forEach((codec, layer) => codec.end?.((out) => this.#encode(out, layer + 1)));
    this.conn.end();
  }

  /**
   * Ends our direction, lets the peer take what was written, and closes when it has ended its own
   * or `ms` have passed. What the peer still sends is thrown away, so that no reset overtakes the
   * last bytes, up to 256 KiB. A peer that has not taken them by then sees that they are cut off.
   */
  lingerThenClose(plane: DataPlane, ms: number): void {
    const { conn } = this;
    const timer = plane.timers.after(ms, () => conn.reset());
    let thrownAway = this.reader.release().length;
    conn.attach(
      {
        onData: (chunk) => {
          thrownAway += chunk.length;
          if (thrownAway > LINGER_BYTES) conn.reset();
        },
        // Both directions are over once our last bytes are out, and the conn closes by itself.
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: () => plane.timers.cancel(timer),
      },
      false,
    );
    try {
      this.end();
    } catch {
      conn.reset();
    }
    conn.resume();
    this.dispose();
  }

  /** Closes at once. */
  destroy(error?: Error): void {
    this.conn.destroy(error);
    this.dispose();
  }

  /** Lets the codecs free what they hold, once. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const codec of [...this.reader.decoders, ...this.#encoders]) {
      try {
        codec.dispose?.();
      } catch (error) {
        // The connection is over: nobody is left to tell, and the others must go on.
        process.emitWarning(toSluiceError(error));
      }
    }
  }

  #encode(bytes: Buffer, layer: number): void {
    const codec = this.#encoders[layer];
    if (codec === undefined) this.#send(bytes);
    else codec.write(bytes, (out) => this.#encode(out, layer + 1));
  }
}
