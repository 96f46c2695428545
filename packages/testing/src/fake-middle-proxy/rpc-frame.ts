import { crc32 } from 'node:zlib';

export interface RpcFrame {
  /** -2 for the nonce, -1 for the handshake, then 0, 1, 2… */
  readonly sequence: number;
  readonly body: Buffer;
}

export interface RpcFrameFields {
  /** What stands in the length field; default: the frame's length. */
  readonly length?: number;
  /** XORed into the checksum; default 0. */
  readonly crcError?: number;
}

/** What arrived cannot be a frame of the middle-proxy protocol. */
export class RpcFrameError extends Error {
  override readonly name = 'RpcFrameError';
}

const overhead = 12;
const shortest = 16;
const fillerWord = Buffer.from([4, 0, 0, 0]);

/** Length, sequence number, body, and the CRC-32 of all before it. */
export function encodeRpcFrame(frame: RpcFrame, fields: RpcFrameFields = {}): Buffer {
  const bytes = Buffer.alloc(frame.body.length + overhead);
  bytes.writeUInt32LE(fields.length ?? bytes.length, 0);
  bytes.writeInt32LE(frame.sequence, 4);
  frame.body.copy(bytes, 8);
  const end = bytes.length - 4;
  bytes.writeUInt32LE((crc32(bytes.subarray(0, end)) ^ (fields.crcError ?? 0)) >>> 0, end);
  return bytes;
}

/** The words that bring `length` bytes to whole cipher blocks. */
export function fillerFor(length: number): Buffer {
  if (length % 4 !== 0) throw new RangeError(`${length} bytes cannot be filled up with words`);
  return Buffer.concat(Array.from({ length: ((16 - (length % 16)) % 16) / 4 }, () => fillerWord));
}

/** Takes plain bytes as they come and gives the frames that they complete. Filler words between frames are dropped. */
export class RpcFrameDecoder {
  #pending: Buffer = Buffer.alloc(0);
  #sequence: number;
  readonly #maxLength: number;

  /** `sequence`: the number that the first frame must have. `maxLength`: the longest frame accepted, in bytes. */
  constructor(sequence = -2, maxLength = 1 << 24) {
    this.#sequence = sequence;
    this.#maxLength = maxLength;
  }

  /** Bytes held back for want of the rest of their frame. */
  get pendingBytes(): number {
    return this.#pending.length;
  }

  push(chunk: Uint8Array): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
  }

  /** Drops the filler words that come next. */
  skipFiller(): void {
    while (this.#pending.subarray(0, 4).equals(fillerWord)) this.#pending = this.#pending.subarray(4);
  }

  /** @throws RpcFrameError when the stream cannot go on. */
  next(): RpcFrame | undefined {
    this.skipFiller();
    return this.#pending.length < 4 ? undefined : this.#frame(this.#pending.readUInt32LE());
  }

  #frame(length: number): RpcFrame | undefined {
    if (length % 4 !== 0) throw new RpcFrameError(`a frame of ${length} bytes is not made of words`);
    if (length < shortest) throw new RpcFrameError(`a frame of ${length} bytes is too short`);
    if (length > this.#maxLength) {
      throw new RpcFrameError(`a frame of ${length} bytes is over the limit of ${this.#maxLength}`);
    }
    if (this.#pending.length < length) return undefined;
    const bytes = this.#pending.subarray(0, length);
    const end = length - 4;
    if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end))
      throw new RpcFrameError('a frame with a wrong CRC-32');
    const sequence = bytes.readInt32LE(4);
    if (sequence !== this.#sequence) {
      throw new RpcFrameError(`a frame with the sequence number ${sequence} instead of ${this.#sequence}`);
    }
    this.#sequence += 1;
    this.#pending = this.#pending.subarray(length);
    return { sequence, body: Buffer.from(bytes.subarray(8, end)) };
  }
}
