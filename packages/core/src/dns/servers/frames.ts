import { Buffer } from 'node:buffer';

/** A message with its length before it (RFC 1035, 4.2.2). */
export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length, 0);
  return Buffer.concat([length, message]);
}

/** Takes a stream apart into messages; holds no more than one of them, which has 64 KiB at most. */
export class FrameReader {
  readonly #onMessage: (message: Buffer) => void;
  #kept = Buffer.alloc(0);

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  write(chunk: Buffer): void {
    let rest = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    while (rest.length >= 2) {
      const end = 2 + rest.readUInt16BE(0);
      if (rest.length < end) break;
      this.#onMessage(Buffer.from(rest.subarray(2, end)));
      rest = rest.subarray(end);
    }
    this.#kept = Buffer.from(rest);
  }
}
