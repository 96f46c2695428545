import type { Buffer } from 'node:buffer';
import type { Emit } from '@sluice/plugin-api';
import { ChunkedDecoder } from './chunked-decoder.js';
import { Fields } from './fields.js';
import type { Framing } from './framing.js';
import { HttpError } from './http-error.js';

/** Takes a body out of the byte stream that it is framed in. */
export interface BodyDecoder {
  readonly done: boolean;
  /** Known once the body is done. */
  readonly trailers: Fields;
  /**
   * Emits the payload in the chunk as slices of it.
   * @returns how many bytes belonged to the body: fewer than there are only once it is done
   * @throws HttpError the status given to {@link bodyDecoder}
   */
  write(chunk: Buffer, emit: Emit): number;
  /** The stream has ended. @throws HttpError if the body has not */
  end(): void;
}

/** @param status what a malformed or truncated body is answered with: 400 or 502 */
export function bodyDecoder(framing: Framing, status: number): BodyDecoder {
  if (framing.kind === 'chunked') return new ChunkedDecoder(status);
  if (framing.kind === 'close') return new CloseDecoder();
  return new LengthDecoder(framing.kind === 'length' ? framing.length : 0, status);
}

class LengthDecoder implements BodyDecoder {
  readonly trailers = Fields.none;
  #left: number;

  constructor(
    length: number,
    readonly status: number,
  ) {
    this.#left = length;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  write(chunk: Buffer, emit: Emit): number {
    const count = Math.min(this.#left, chunk.length);
    if (count === 0) return 0;
    this.#left -= count;
    emit(count === chunk.length ? chunk : chunk.subarray(0, count));
    return count;
  }

  end(): void {
    if (this.#left === 0) return;
    throw new HttpError(this.status, `the body is cut off, ${this.#left} bytes are missing`, 'E_CONN_CLOSED');
  }
}

class CloseDecoder implements BodyDecoder {
  readonly trailers = Fields.none;
  done = false;

  write(chunk: Buffer, emit: Emit): number {
    if (chunk.length > 0) emit(chunk);
    return chunk.length;
  }

  end(): void {
    this.done = true;
  }
}
