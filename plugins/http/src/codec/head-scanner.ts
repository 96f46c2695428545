import { Buffer } from 'node:buffer';
import { HttpError } from './http-error.js';

const NUL = 0;
const LF = 10;
const CR = 13;

/** The most bytes that a head, or a trailer section, may have. */
export const MAX_HEAD_BYTES = 64 * 1024;

export interface HeadScannerOptions {
  /** Which status a head that is no head is answered with. */
  readonly status: number;
  /** Take a lone LF for a line's end, as RFC 9112, section 2.2 allows a recipient. */
  readonly bareLf?: boolean;
  /** Empty lines before the first line: passed over (before a request), or the end (of trailers). */
  readonly emptyLines: 'skip' | 'end';
}

/**
 * Finds the empty line that ends a head (RFC 9112, section 2), however its bytes are cut into
 * chunks, and turns away at once what no head can contain: NUL, a lone CR, a lone LF.
 */
export class HeadScanner {
  readonly #options: HeadScannerOptions;
  #parts: Buffer[] = [];
  #bytes = 0;
  #lineBytes = 0;
  #sawCr = false;
  #sawLine = false;

  constructor(options: HeadScannerOptions) {
    this.#options = options;
  }

  /** Whether anything but empty lines has been taken in. */
  get started(): boolean {
    return this.#sawLine || this.#lineBytes > 0;
  }

  /**
   * Takes bytes in (a copy of them).
   * @returns how many bytes of the chunk the head ends after, or -1 while it has not ended
   * @throws HttpError the given status, or 431 for more than 64 KiB
   */
  write(chunk: Buffer): number {
    for (let i = 0; i < chunk.length; i += 1) {
      const byte = chunk[i] as number;
      if (this.#bytes + i >= MAX_HEAD_BYTES) {
        throw new HttpError(431, `the head is longer than ${MAX_HEAD_BYTES} bytes`, 'E_HANDSHAKE_LIMIT');
      }
      if (byte === LF) {
        if (!this.#sawCr && this.#options.bareLf !== true) throw this.#wrong('a line ends without CR');
        this.#sawCr = false;
        if (this.#lineBytes > 0) {
          this.#sawLine = true;
          this.#lineBytes = 0;
        } else if (this.#sawLine || this.#options.emptyLines === 'end') {
          this.#keep(chunk.subarray(0, i + 1));
          return i + 1;
        }
      } else if (this.#sawCr) {
        throw this.#wrong('a CR stands alone');
      } else if (byte === CR) {
        this.#sawCr = true;
      } else if (byte === NUL) {
        throw this.#wrong('a NUL byte in the head');
      } else {
        this.#lineBytes += 1;
      }
    }
    this.#keep(chunk);
    return -1;
  }

  /** The lines of a head that has ended, without their ends and without empty ones. */
  lines(): string[] {
    const text = Buffer.concat(this.#parts).toString('latin1');
    return text.split(/\r?\n/).filter((line) => line !== '');
  }

  #keep(bytes: Buffer): void {
    this.#parts.push(Buffer.from(bytes));
    this.#bytes += bytes.length;
  }

  #wrong(message: string): HttpError {
    return new HttpError(this.#options.status, message);
  }
}
