import { Buffer } from 'node:buffer';
import { VarintReader } from './varints.js';

/** In bytes. A hello with post-quantum keys has some 1,800. */
export const cryptoLimit = 16_384;
/** Browsers cut a hello into up to some 20 pieces. */
const pieceLimit = 256;

interface Piece {
  readonly offset: number;
  readonly data: Buffer;
}

/** The handshake's bytes in the CRYPTO frames (RFC 9000 19.6) of Initial packets, which come in any order and overlap. */
export class CryptoStream {
  readonly #pieces: Piece[] = [];
  #overflowed = false;

  /** Whether more came than is kept: not all that is missing can still come. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** Takes the frames of a packet up to the first that no client has in an Initial packet. */
  addFrames(payload: Buffer): void {
    const reader = new VarintReader(payload);
    while (!reader.ended) {
      const type = reader.byte();
      if (type === 2 || type === 3) skipAcknowledgement(reader, type === 3);
      else if (type === 6) this.#add(reader.varint(), reader.take(reader.varint()));
      // Padding and pings have only a type.
      else if (type !== 0 && type !== 1) return;
    }
  }

  #add(offset: number, data: Buffer | undefined): void {
    if (data === undefined || data.length === 0) return;
    if (offset + data.length > cryptoLimit || this.#pieces.length === pieceLimit) this.#overflowed = true;
    else this.#pieces.push({ offset, data });
  }

  /** What there is from the beginning without a gap. */
  beginning(): Buffer {
    const pieces = this.#pieces.sort((a, b) => a.offset - b.offset);
    const [first] = pieces;
    if (first === undefined || first.offset > 0) return Buffer.alloc(0);
    if (pieces.length === 1) return first.data;
    const bytes = Buffer.allocUnsafe(cryptoLimit);
    let end = 0;
    for (const { offset, data } of pieces) {
      if (offset > end) break;
      if (offset + data.length > end) end = offset + data.copy(bytes, offset);
    }
    return bytes.subarray(0, end);
  }
}

/** RFC 9000 19.3 */
function skipAcknowledgement(reader: VarintReader, hasCounts: boolean): void {
  // Largest, delay; after the ranges, counts of congestion marks.
  reader.varint();
  reader.varint();
  const rest = 1 + 2 * Math.max(0, reader.varint()) + (hasCounts ? 3 : 0);
  for (let i = 0; i < rest && !reader.ended; i += 1) reader.varint();
}
