import { Buffer } from 'node:buffer';
import type { Codec, Emit } from '@sluice/plugin-api';
import { ContentType, MAX_PLAINTEXT, RECORD_HEADER, TLS_1_2 } from './tls.js';

/** A record, header included, that fits into one packet of any usual network. */
const SMALL = 1386;
const MEDIUM = 4246;
/** So many records of a size before the next. */
const RECORDS_PER_SIZE = 40;
/** After so many milliseconds of silence the network's window is small again, and so are the records. */
const PAUSE_MS = 1000;

/** Puts what is sent to a client into TLS records, small ones first. */
export class RecordEncoder implements Codec {
  #records = 0;
  #lastWrite = 0;

  write(chunk: Buffer, emit: Emit): void {
    const now = performance.now();
    if (now - this.#lastWrite > PAUSE_MS) this.#records = 0;
    this.#lastWrite = now;
    const out: Buffer[] = [];
    for (let at = 0; at < chunk.length;) {
      const size =
        this.#records >= 2 * RECORDS_PER_SIZE ? MAX_PLAINTEXT : this.#records >= RECORDS_PER_SIZE ? MEDIUM : SMALL;
      const payload = chunk.subarray(at, at + size);
      const header = Buffer.alloc(RECORD_HEADER);
      header[0] = ContentType.applicationData;
      header.writeUInt16BE(TLS_1_2, 1);
      header.writeUInt16BE(payload.length, 3);
      out.push(header, payload);
      at += payload.length;
      this.#records += 1;
    }
    if (out.length > 0) emit(Buffer.concat(out));
  }
}
