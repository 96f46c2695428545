import { Buffer } from 'node:buffer';
import { Duplex } from 'node:stream';
import type { DataPlane } from '../data-plane.js';
import type { Conn } from './conn.js';
import { DuplexConn } from './duplex-conn.js';

class HalfDuplex extends Duplex {
  other!: HalfDuplex;
  #wanted: (() => void) | null = null;

  override _read(): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    wanted?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    // A copy, as the writer may use its memory again once this is done while the other side still
    // keeps it. Done when the other side wants more: its reader sets the pace.
    if (this.other.push(Buffer.from(chunk))) process.nextTick(callback);
    else this.other.#wanted = callback;
  }

  override _final(callback: () => void): void {
    this.other.push(null);
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const { other } = this;
    if (!other.destroyed && !(this.readableEnded && this.writableFinished)) process.nextTick(() => other.destroy());
    callback(error);
  }
}

/** Two conns joined in memory: what one writes, the other reads. For handlers without a socket. */
export function connPair(plane: DataPlane): [Conn, Conn] {
  const options = { allowHalfOpen: true };
  const a = new HalfDuplex(options);
  const b = new HalfDuplex(options);
  a.other = b;
  b.other = a;
  return [new DuplexConn(plane, a), new DuplexConn(plane, b)];
}
