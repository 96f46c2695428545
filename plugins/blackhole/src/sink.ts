import type { Buffer } from 'node:buffer';
import type { Conn, ConnSink } from '@sluice/plugin-api';

/** Bytes that are still taken from a client that does not stop sending. */
const MAX_DRAINED = 256 * 1024;

/**
 * The far end of a blackholed connection: says what it has to say, ends, and takes in what the
 * client still sends for a while. Closing at once would reset the client's connection, and a reset
 * can take the answer away from it before it was read.
 */
export class Sink implements ConnSink {
  readonly #conn: Conn;
  #drained = 0;

  constructor(conn: Conn) {
    this.#conn = conn;
  }

  finish(answer: Buffer | undefined): void {
    const conn = this.#conn;
    conn.attach(this, false);
    if (answer !== undefined) conn.write(answer);
    conn.end();
    conn.resume();
  }

  onData(chunk: Buffer): void {
    this.#drained += chunk.length;
    if (this.#drained > MAX_DRAINED) this.#conn.destroy();
  }

  onEnd(): void {
    // Both directions are over now, and the conn closes by itself.
  }

  onDrain(): void {
    // Nothing more is ever written.
  }

  onClose(): void {
    // The client's side closes with it.
  }
}
