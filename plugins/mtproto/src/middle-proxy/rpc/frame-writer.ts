import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { BODY_OFFSET, CIPHER_BLOCK, CRC_LENGTH, FILLER, FIRST_SEQUENCE, FRAME_OVERHEAD, WORD } from './frame.js';

/** A frame's body in pieces that follow one another; all together a whole number of words. */
export type Body = readonly Buffer[];

/** Makes frames of bodies. */
export class FrameWriter {
  #sequence = FIRST_SEQUENCE;

  /** The frames one after another. */
  frames(bodies: readonly Body[]): Buffer {
    return this.#write(bodies, 1);
  }

  /** The frames one after another, and as many words of filler as make up a whole cipher block. */
  blocks(bodies: readonly Body[]): Buffer {
    return this.#write(bodies, CIPHER_BLOCK);
  }

  #write(bodies: readonly Body[], multiple: number): Buffer {
    let length = 0;
    for (const body of bodies) length += FRAME_OVERHEAD + bodyLength(body);
    const out = Buffer.allocUnsafe(Math.ceil(length / multiple) * multiple);
    let at = 0;
    for (const body of bodies) at = this.#writeFrame(out, at, body);
    for (; at < out.length; at += WORD) out.writeUInt32LE(FILLER, at);
    return out;
  }

  #writeFrame(out: Buffer, start: number, body: Body): number {
    out.writeInt32LE(this.#sequence, start + WORD);
    this.#sequence = (this.#sequence + 1) | 0;
    let at = start + BODY_OFFSET;
    for (const piece of body) {
      out.set(piece, at);
      at += piece.length;
    }
    out.writeUInt32LE(at + CRC_LENGTH - start, start);
    out.writeUInt32LE(crc32(out.subarray(start, at)), at);
    return at + CRC_LENGTH;
  }
}

function bodyLength(body: Body): number {
  let length = 0;
  for (const piece of body) length += piece.length;
  return length;
}
