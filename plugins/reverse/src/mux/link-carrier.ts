import { type Buffer } from 'node:buffer';
import {
  type SluiceError,
  toSluiceError,
  type ConnSink,
  type DataPlane,
  type Endpoint,
  type Link,
} from '@sluice/plugin-api';
import type { Carrier, CarrierUser } from './carrier.js';

/** How long a carrier that was ended may take to be gone, in ms. */
const LINGER_MS = 2000;

/** A link with all its layers, as a carrier. */
export class LinkCarrier implements Carrier, ConnSink {
  readonly #link: Link;
  readonly #plane: DataPlane;
  #user: CarrierUser | undefined;
  #over = false;
  /** The answer of the send that is under way. */
  #taken = true;

  /** Takes the link over. */
  constructor(plane: DataPlane, link: Link) {
    this.#plane = plane;
    this.#link = link;
  }

  get local(): Endpoint {
    return this.#link.conn.local;
  }

  get remote(): Endpoint {
    return this.#link.conn.remote;
  }

  begin(user: CarrierUser): void {
    this.#user = user;
    const { conn, reader } = this.#link;
    const rest = reader.release();
    conn.attach(this, false);
    conn.keepAlive();
    if (rest.length > 0) this.#deliver(rest);
    if (this.#over) return;
    if (reader.failure !== undefined || reader.sawEnd) this.#shut(reader.failure);
    else conn.resume();
  }

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

  pauseReading(): void {
    if (!this.#over) this.#link.conn.pause();
  }

  resumeReading(): void {
    if (!this.#over) this.#link.conn.resume();
  }

  close(error: SluiceError | undefined): void {
    this.#shut(error);
  }

  finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#link.lingerThenClose(this.#plane, LINGER_MS);
    this.#user?.lost(undefined);
  }

  onData(chunk: Buffer): void {
    try {
      this.#decode(chunk, 0);
    } catch (error) {
      this.#shut(toSluiceError(error));
    }
  }

  onEnd(): void {
    try {
      this.#link.decoders.forEach((codec, layer) => codec.end?.((bytes) => this.#decode(bytes, layer + 1)));
    } catch (error) {
      this.#shut(toSluiceError(error));
      return;
    }
    this.#shut(undefined);
  }

  onDrain(): void {
    if (!this.#over) this.#user?.drained();
  }

  onClose(error: Error | undefined): void {
    this.#shut(error === undefined ? undefined : toSluiceError(error, 'E_CONN_RESET'));
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
      this.#shut(toSluiceError(error));
    }
  }

  #encode(bytes: Buffer, layer: number): void {
    const codec = this.#link.encoders[layer];
    if (codec !== undefined) codec.write(bytes, (out) => this.#encode(out, layer + 1));
    else if (!this.#link.conn.write(bytes)) this.#taken = false;
  }

  #shut(error: SluiceError | undefined): void {
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
