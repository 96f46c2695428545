import type { Buffer } from 'node:buffer';
import { Writable } from 'node:stream';

/** Bytes that may wait for a slow target; lines beyond that are dropped, as the memory is worth more. */
const MAX_WAITING = 4 * 1024 * 1024;

/**
 * What a log writes to: leads to a stream that it does not own, so that closing the log does not
 * close standard output, and that it does not trust to be quick or to be there.
 */
export class LogTarget extends Writable {
  readonly #to: Writable;
  #dropped = 0;

  constructor(to: Writable) {
    super();
    this.#to = to;
    // Several logs may lead to one stream; one listener is enough.
    if (!to.listeners('error').includes(ignore)) to.on('error', ignore);
  }

  override _write(line: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    const to = this.#to;
    if (to.writableLength >= MAX_WAITING) this.#dropped += 1;
    else if (!to.destroyed && !to.writableEnded) {
      if (this.#dropped > 0)
        to.write(`${this.#dropped} lines were dropped here: they came faster than they could be written\n`);
      this.#dropped = 0;
      to.write(line);
    }
    callback();
  }
}

/** A console that is gone (EPIPE) must not end the process. */
function ignore(): void {
  // There is nobody left to tell.
}
