import { type Buffer } from 'node:buffer';
import {
  type SluiceError,
  toSluiceError,
  type ConnSink,
  type DataPlane,
  type Endpoint,
  type Link,
} from '@sluice/plugin-api';

/** Who uses a carrier. */
export interface CarrierUser {
  /** Bytes have come; they are valid during the call. A thrown error ends the carrier with it. */
  received(bytes: Buffer): void;
  /** All that was sent has been passed on; called after a `send` that answered false. */
  drained(): void;
  /** The carrier is gone. Called once, last; without an error if it ended in order. */
  lost(error: SluiceError | undefined): void;
}

/** How long a carrier that was ended may take to be gone, in ms. */
const LINGER_MS = 2000;

/** A link with all its layers, as one stream of bytes that many share. */
export class Carrier implements ConnSink {
  readonly #link: Link;
  #user: CarrierUser | undefined;
  #over = false;
  /** The answer of the send that is under way. */
  #taken = true;

  /** Takes the link over. */
  constructor(link: Link) {
    this.#link = link;
  }

  get local(): Endpoint {
    return this.#link.conn.local;
  }

  get remote(): Endpoint {
    return this.#link.conn.remote;
  }

  /** From now on the user is told; what the handshake has left over comes first. */
  begin(user: CarrierUser): void {
    this.#user = user;
    const { conn, reader } = this.#link;
    const rest = reader.release();
    conn.attach(this, false);
    conn.keepAlive();
    if (rest.length > 0) this.#deliver(rest);
    if (this.#over) return;
    if (reader.failure !== undefined || reader.sawEnd) this.#finish(reader.failure);
    else conn.resume();
  }

  /**
   * Sends bytes. True: they have been passed on, and the memory is free. False: it is given away.
   * What is sent after the end is dropped.
   */
  send(bytes: Buffer): boolean {
    if (this.#over) return true;
    this.#taken = true;
    try {
      this.#encode(bytes, 0);
    } catch (error) {
      this.close(toSluiceError(error));
    }
    return this.#taken;
  }

  pause(): void {
    if (!this.#over) this.#link.conn.pause();
  }

  resume(): void {
    if (!this.#over) this.#link.conn.resume();
  }

  /** Closes at once; the user is told. */
  close(error: SluiceError | undefined): void {
    this.#finish(error);
  }

  /** Ends once what was sent is out; the user is told at once. */
  end(plane: DataPlane): void {
    if (this.#over) return;
    this.#over = true;
    this.#link.lingerThenClose(plane, LINGER_MS);
    this.#user?.lost(undefined);
  }

  onData(chunk: Buffer): void {
    try {
      this.#decode(chunk, 0);
    } catch (error) {
      this.#finish(toSluiceError(error));
    }
  }

  onEnd(): void {
    try {
      this.#link.decoders.forEach((codec, layer) => codec.end?.((bytes) => this.#decode(bytes, layer + 1)));
    } catch (error) {
      this.#finish(toSluiceError(error));
      return;
    }
    this.#finish(undefined);
  }

  onDrain(): void {
    if (!this.#over) this.#user?.drained();
  }

  onClose(error: Error | undefined): void {
    this.#finish(error === undefined ? undefined : toSluiceError(error, 'E_CONN_RESET'));
  }

  #decode(chunk: Buffer, layer: number): void {
    const codec = this.#link.decoders[layer];
    if (codec === undefined) this.#deliver(chunk);
    else codec.write(chunk, (bytes) => this.#decode(bytes, layer + 1));
  }

  #deliver(bytes: Buffer): void {
    if (this.#over) return;
    try {
      this.#user?.received(bytes);
    } catch (error) {
      this.#finish(toSluiceError(error));
    }
  }

  #encode(bytes: Buffer, layer: number): void {
    const codec = this.#link.encoders[layer];
    if (codec !== undefined) codec.write(bytes, (out) => this.#encode(out, layer + 1));
    else if (!this.#link.conn.write(bytes)) this.#taken = false;
  }

  #finish(error: SluiceError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    if (error === undefined) this.#link.destroy();
    else {
      this.#link.conn.reset(error);
      this.#link.dispose();
    }
    this.#user?.lost(error);
  }
}
