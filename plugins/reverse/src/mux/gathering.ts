import { Buffer } from 'node:buffer';
import type { MuxConn } from './mux-conn.js';

const MAX_GATHERED = 64 * 1024;

/** Puts pieces for one stream together that came at the same time: what they cost further on is counted in writes. */
export class Gathering {
  #conn: MuxConn | undefined;
  #memory: Buffer | undefined;
  #length = 0;

  add(conn: MuxConn, piece: Buffer): void {
    if (conn !== this.#conn || this.#length + piece.length > MAX_GATHERED) this.flush();
    if (piece.length > MAX_GATHERED / 2) {
      this.flush();
      conn.receive(piece, true);
      return;
    }
    this.#memory ??= Buffer.allocUnsafeSlow(MAX_GATHERED);
    this.#length += piece.copy(this.#memory, this.#length);
    this.#conn = conn;
  }

  /** Passes on what there is. */
  flush(): void {
    const conn = this.#conn;
    const memory = this.#memory;
    if (conn === undefined || memory === undefined) return;
    const bytes = memory.subarray(0, this.#length);
    this.#conn = undefined;
    this.#length = 0;
    if (!conn.receive(bytes, false)) this.#memory = undefined;
  }
}
