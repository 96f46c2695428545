import { Buffer } from 'node:buffer';
import type { Emit } from '@sluice/plugin-api';
import { bodyDecoder, type BodyDecoder } from './body-decoder.js';
import type { Framing } from './framing.js';
import { endToEndTrailers } from './hop-by-hop.js';

const CRLF = Buffer.from('\r\n');
/** Pieces of less than this in sum are written as one. */
const JOIN_BELOW = 8 * 1024;

/**
 * Passes a body on in a framing of our own making: chunks are put together anew, their extensions
 * dropped, so that what leaves here can be read in one way only.
 */
export class BodyForwarder {
  readonly #decoder: BodyDecoder;
  readonly #chunked: boolean;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  readonly #collect: Emit = (bytes) => {
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
  };

  /**
   * @param chunked whether the body is passed on in chunks
   * @param status what a malformed or truncated body is answered with
   */
  constructor(framing: Framing, chunked: boolean, status: number) {
    this.#decoder = bodyDecoder(framing, status);
    this.#chunked = chunked;
  }

  get done(): boolean {
    return this.#decoder.done;
  }

  /**
   * Emits slices of the chunk and memory of its own.
   * @returns how many bytes belonged to the body: fewer than there are only once it is done
   * @throws HttpError
   */
  write(chunk: Buffer, emit: Emit): number {
    if (!this.#chunked) return this.#decoder.write(chunk, emit);
    let used: number;
    try {
      used = this.#decoder.write(chunk, this.#collect);
    } catch (error) {
      this.#pieces = [];
      throw error;
    }
    this.#flush(emit);
    if (this.#decoder.done) this.#emitEnd(emit);
    return used;
  }

  /** The source has ended. @throws HttpError if the body has not */
  end(emit: Emit): void {
    this.#decoder.end();
    if (this.#chunked) this.#emitEnd(emit);
  }

  /** All payload of one write as one chunk. */
  #flush(emit: Emit): void {
    const pieces = this.#pieces;
    const [only] = pieces;
    if (only === undefined) return;
    const size = Buffer.from(`${this.#bytes.toString(16)}\r\n`, 'latin1');
    if (pieces.length > 1 || this.#bytes < JOIN_BELOW) {
      emit(Buffer.concat([size, ...pieces, CRLF]));
    } else {
      emit(size);
      emit(only);
      emit(CRLF);
    }
    this.#pieces = [];
    this.#bytes = 0;
  }

  #emitEnd(emit: Emit): void {
    if (this.#ended) return;
    this.#ended = true;
    emit(Buffer.from(`0\r\n${endToEndTrailers(this.#decoder.trailers).serialise()}\r\n`, 'latin1'));
  }
}
