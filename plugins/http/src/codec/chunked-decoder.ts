import type { Buffer } from 'node:buffer';
import type { Emit } from '@sluice/plugin-api';
import type { BodyDecoder } from './body-decoder.js';
import { Fields } from './fields.js';
import { HeadScanner } from './head-scanner.js';
import { HttpError } from './http-error.js';

const HTAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const SEMICOLON = 59;
const DEL = 127;

/** Thirteen hex digits stay below 2^53. */
const MAX_SIZE_DIGITS = 13;
/** Chunk extensions may outweigh the payload by this many bytes. */
const MAX_EXTENSION_BYTES = 16 * 1024;

type State = 'size' | 'space' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailers' | 'done';

/** The chunked transfer coding (RFC 9112, section 7.1), without mercy: every CRLF in its place. */
export class ChunkedDecoder implements BodyDecoder {
  readonly #status: number;
  readonly #scanner: HeadScanner;
  #state: State = 'size';
  #size = 0;
  #digits = 0;
  #payload = 0;
  #extension = 0;
  #trailers = Fields.none;

  constructor(status: number) {
    this.#status = status;
    this.#scanner = new HeadScanner({ status, emptyLines: 'end' });
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  get trailers(): Fields {
    return this.#trailers;
  }

  write(chunk: Buffer, emit: Emit): number {
    let at = 0;
    while (at < chunk.length && this.#state !== 'done') {
      if (this.#state === 'data') at = this.#takeData(chunk, at, emit);
      else if (this.#state === 'trailers') at = this.#takeTrailers(chunk, at);
      else {
        this.#takeByte(chunk[at] as number);
        at += 1;
      }
    }
    return at;
  }

  end(): void {
    if (this.#state !== 'done') throw new HttpError(this.#status, 'the chunked body is cut off', 'E_CONN_CLOSED');
  }

  #takeData(chunk: Buffer, from: number, emit: Emit): number {
    const count = Math.min(this.#size, chunk.length - from);
    this.#size -= count;
    this.#payload += count;
    emit(chunk.subarray(from, from + count));
    if (this.#size === 0) this.#state = 'data-cr';
    return from + count;
  }

  #takeTrailers(chunk: Buffer, from: number): number {
    const used = this.#scanner.write(chunk.subarray(from));
    if (used < 0) return chunk.length;
    this.#trailers = Fields.parse(this.#scanner.lines(), { status: this.#status });
    this.#state = 'done';
    return from + used;
  }

  #takeByte(byte: number): void {
    switch (this.#state) {
      case 'size':
        this.#takeSizeByte(byte);
        break;
      case 'space':
        this.#takeSpaceByte(byte);
        break;
      case 'extension':
        this.#countExtension();
        if (byte === CR) this.#state = 'size-lf';
        else if ((byte < SPACE && byte !== HTAB) || byte === DEL)
          throw this.#wrong('a chunk extension has forbidden characters');
        break;
      case 'size-lf':
        this.#expect(byte, LF);
        this.#state = this.#size === 0 ? 'trailers' : 'data';
        this.#digits = 0;
        break;
      case 'data-cr':
        this.#expect(byte, CR);
        this.#state = 'data-lf';
        break;
      default:
        this.#expect(byte, LF);
        this.#state = 'size';
    }
  }

  #takeSizeByte(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (this.#digits === MAX_SIZE_DIGITS) throw this.#wrong('a chunk size is too large');
      this.#size = this.#size * 16 + digit;
      this.#digits += 1;
    } else if (this.#digits === 0) {
      throw this.#wrong('a chunk size is missing');
    } else {
      this.#takeSpaceByte(byte);
    }
  }

  /** After the size: spaces, an extension or the line's end. */
  #takeSpaceByte(byte: number): void {
    if (byte === CR) {
      this.#state = 'size-lf';
      return;
    }
    this.#countExtension();
    if (byte === SEMICOLON) this.#state = 'extension';
    else if (byte === SPACE || byte === HTAB) this.#state = 'space';
    else throw this.#wrong('a chunk size is malformed');
  }

  #countExtension(): void {
    this.#extension += 1;
    if (this.#extension > this.#payload + MAX_EXTENSION_BYTES) throw this.#wrong('the chunk extensions are too long');
  }

  #expect(byte: number, wanted: number): void {
    if (byte !== wanted) throw this.#wrong('a chunk does not end where its size says');
  }

  #wrong(message: string): HttpError {
    return new HttpError(this.#status, message);
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
