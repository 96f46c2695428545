import { Buffer } from 'node:buffer';
import type { Destination } from '@sluice/plugin-api';
import { frameStatus, MAX_HEAD, writeHead, type FrameHead } from './frame.js';

/** Heads and data are put together here, so that what a stream writes costs one write below. */
const SCRATCH = 64 * 1024;
/** Data of one frame: V2Ray sends 8 KiB and takes any length; what is whole costs its receiver one write. */
const FRAME_DATA = SCRATCH - MAX_HEAD;
/** What is smaller gets memory of its own size while the scratch is given away. */
const SMALL = 4 * 1024;

/** Puts frames together and sends them. */
export class FrameSender {
  readonly #send: (bytes: Buffer) => boolean;
  #scratch: Buffer | undefined;

  /** @param send true: the memory is free again; false: it is given away */
  constructor(send: (bytes: Buffer) => boolean) {
    this.#send = send;
  }

  /** A frame without data. @returns false while the peer takes no more */
  head(head: FrameHead): boolean {
    const bytes = Buffer.allocUnsafe(MAX_HEAD);
    return this.#send(bytes.subarray(0, writeHead(bytes, 0, head)));
  }

  /** A stream's bytes, as many frames as it takes. @param target of a new stream */
  stream(id: number, chunk: Uint8Array, target: Destination | undefined): boolean {
    let to = target;
    let taken = true;
    for (let at = 0; at < chunk.length;) {
      const into = this.#memory(chunk.length - at + MAX_HEAD);
      let filled = 0;
      while (at < chunk.length && into.length - filled > MAX_HEAD) {
        const size = Math.min(FRAME_DATA, chunk.length - at, into.length - filled - MAX_HEAD);
        const status = to === undefined ? frameStatus.keep : frameStatus.new;
        filled = writeHead(into, filled, { id, status, target: to }, size);
        into.set(chunk.subarray(at, at + size), filled);
        filled += size;
        at += size;
        to = undefined;
      }
      if (!this.#pass(into, filled)) taken = false;
    }
    return taken;
  }

  /** One packet, in one frame. */
  packet(id: number, payload: Uint8Array, target: Destination | undefined): boolean {
    const into = this.#memory(payload.length + MAX_HEAD);
    const status = target === undefined ? frameStatus.keep : frameStatus.new;
    const start = writeHead(into, 0, { id, status, target }, payload.length);
    into.set(payload, start);
    return this.#pass(into, start + payload.length);
  }

  /** Memory for so many bytes, or for as many as go at once. */
  #memory(bytes: number): Buffer {
    if (this.#scratch !== undefined) return this.#scratch;
    if (bytes <= SMALL) return Buffer.allocUnsafe(bytes);
    this.#scratch = Buffer.allocUnsafeSlow(SCRATCH);
    return this.#scratch;
  }

  #pass(memory: Buffer, length: number): boolean {
    if (this.#send(memory.subarray(0, length))) return true;
    if (memory === this.#scratch) this.#scratch = undefined;
    return false;
  }
}
