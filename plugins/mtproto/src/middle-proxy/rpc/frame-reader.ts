import type { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { SluiceError } from '@sluice/plugin-api';
import { GrowingBuffer } from '../growing-buffer.js';
import { CRC_LENGTH, FILLER, FIRST_SEQUENCE, FRAME_OVERHEAD, WORD } from './frame.js';

/** A whole frame, in memory that the receiver may change until it returns. */
export type OnFrame = (frame: Buffer) => void;

/** Finds the frames in a deciphered stream and checks length, sequence number and checksum of each. */
export class FrameReader {
  readonly #partial = new GrowingBuffer();
  #sequence = FIRST_SEQUENCE;
  #limit: number;

  /** @param limit the longest frame that is taken, in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that wait for the rest of their frame. */
  get pendingBytes(): number {
    return this.#partial.length;
  }

  set limit(bytes: number) {
    this.#limit = bytes;
  }

  /** @throws SluiceError E_PROTOCOL; the stream cannot be read on after it */
  write(bytes: Buffer, onFrame: OnFrame): void {
    const partial = this.#partial;
    let at = 0;
    while (at < bytes.length) {
      if (partial.length === 0 && bytes.length - at >= WORD) {
        const length = this.#checked(bytes.readUInt32LE(at));
        if (length <= bytes.length - at) {
          if (length > FILLER) this.#deliver(bytes.subarray(at, at + length), onFrame);
          at += length;
          continue;
        }
      }
      const known = partial.length >= WORD;
      const wanted = known ? partial.bytes.readUInt32LE(0) : WORD;
      at += partial.fill(bytes, at, wanted);
      if (partial.length < wanted) continue;
      if (known) this.#deliver(partial.take(), onFrame);
      else if (this.#checked(partial.bytes.readUInt32LE(0)) === FILLER) partial.clear();
    }
  }

  #checked(length: number): number {
    if (length === FILLER) return length;
    if (length <= FRAME_OVERHEAD || length % WORD !== 0 || length > this.#limit) {
      throw new SluiceError('E_PROTOCOL', `the middle proxy sent a frame of ${length} bytes`);
    }
    return length;
  }

  #deliver(frame: Buffer, onFrame: OnFrame): void {
    const end = frame.length - CRC_LENGTH;
    if (crc32(frame.subarray(0, end)) !== frame.readUInt32LE(end)) {
      throw new SluiceError('E_PROTOCOL', 'a frame of the middle proxy has a wrong checksum');
    }
    if (frame.readInt32LE(WORD) !== this.#sequence) {
      throw new SluiceError('E_PROTOCOL', 'a frame of the middle proxy is out of sequence');
    }
    // In 32 bits, as the peer counts.
    this.#sequence = (this.#sequence + 1) | 0;
    onFrame(frame);
  }
}
