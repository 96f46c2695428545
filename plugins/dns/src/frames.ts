import { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';

const EMPTY = Buffer.alloc(0);

/** A message with its length before it (RFC 1035, 4.2.2). */
export function frame(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(message.length + 2);
  framed.writeUInt16BE(message.length, 0);
  message.copy(framed, 2);
  return framed;
}

/** Takes a stream apart into messages, as many as are asked for. */
export class FrameReader {
  readonly #limit: number;
  #rest: Buffer = EMPTY;

  /** @param limit of one message, in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param chunk memory that does not change */
  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
  }

  /**
   * The next message, if all of it is there.
   * @throws SluiceError E_PROTOCOL for one that is longer than the limit
   */
  take(): Buffer | undefined {
    if (this.#rest.length < 2) return undefined;
    const length = this.#rest.readUInt16BE(0);
    if (length > this.#limit) throw new SluiceError('E_PROTOCOL', `a DNS message of ${length} bytes is too long`);
    if (this.#rest.length < length + 2) return undefined;
    const message = this.#rest.subarray(2, length + 2);
    this.#rest = this.#rest.subarray(length + 2);
    return message;
  }
}
