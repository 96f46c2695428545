import type { Buffer } from 'node:buffer';
import type { Codec, Emit } from '@sluice/plugin-api';
import { acquire, release } from '../frame-memory.js';
import { ContentType, MAX_PLAINTEXT, RECORD_HEADER, TLS_1_2 } from './tls.js';

/** Fits into one packet of any usual network, header and all. */
const SMALL = 1386;
/** Into three. */
const MEDIUM = 4246;
/** So many records of each of these sizes, then the largest. */
const RECORDS_PER_SIZE = 40;
/** After so many milliseconds of silence the network's window is small again, and so are the records. */
const PAUSE_MS = 1000;

/**
 * Puts what is sent to a client into TLS records, as busy web servers size them: small ones first, so
 * that the client need not wait for several packets before it can read any, then ever larger ones.
 */
export class RecordEncoder implements Codec {
  readonly takesLargeChunks = true;
  #records = 0;
  #lastWrite = 0;

  write(chunk: Buffer, emit: Emit): void {
    this.#grow();
    for (let at = 0; at < chunk.length;) {
      // Enough for all the rest, whatever the size of the records.
      const frame = acquire(chunk.length - at + RECORD_HEADER * Math.ceil((chunk.length - at) / SMALL));
      let end = 0;
      while (at < chunk.length && frame.length - end > RECORD_HEADER) {
        const length = Math.min(this.#size(), chunk.length - at, frame.length - end - RECORD_HEADER);
        frame[end] = ContentType.applicationData;
        frame[end + 1] = TLS_1_2 >> 8;
        frame[end + 2] = TLS_1_2 & 0xff;
        frame[end + 3] = length >> 8;
        frame[end + 4] = length & 0xff;
        chunk.copy(frame, end + RECORD_HEADER, at, at + length);
        at += length;
        end += RECORD_HEADER + length;
        this.#records += 1;
      }
      if (emit(frame.subarray(0, end)) === true) release(frame);
    }
  }

  #grow(): void {
    const now = performance.now();
    if (now - this.#lastWrite > PAUSE_MS) this.#records = 0;
    this.#lastWrite = now;
  }

  #size(): number {
    if (this.#records >= 2 * RECORDS_PER_SIZE) return MAX_PLAINTEXT;
    return this.#records >= RECORDS_PER_SIZE ? MEDIUM : SMALL;
  }
}
