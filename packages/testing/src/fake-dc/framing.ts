import { randomBytes } from 'node:crypto';
import type { TransportTag } from './obfuscation.js';

export interface Frame {
  readonly payload: Buffer;
  /** The sender wants a quick acknowledgement. */
  readonly quickAck: boolean;
}

export interface FrameOptions {
  readonly quickAck?: boolean;
  /** Padded framing only: the bytes to append, 0 to 15 of them; random by default. */
  readonly padding?: Uint8Array;
}

/** What arrived cannot be a frame. */
export class FramingError extends Error {
  override readonly name = 'FramingError';
}

const quickAckBit = 0x8000_0000;

/** One frame on the wire. The payload's length is a multiple of 4, as every MTProto message's is. */
export function encodeFrame(tag: TransportTag, payload: Uint8Array, options: FrameOptions = {}): Buffer {
  if (payload.length % 4 !== 0) throw new FramingError(`a payload of ${payload.length} bytes is not made of words`);
  const quickAck = options.quickAck ?? false;
  if (tag === 'abridged') return Buffer.concat([abridgedLength(payload.length / 4, quickAck), payload]);
  const padding = tag === 'padded' ? (options.padding ?? randomPadding()) : new Uint8Array(0);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(payload.length + padding.length + (quickAck ? quickAckBit : 0));
  return Buffer.concat([length, payload, padding]);
}

/** Takes bytes as they come and gives the frames that they complete. */
export class FrameDecoder {
  #pending: Buffer = Buffer.alloc(0);
  readonly #tag: TransportTag;
  readonly #maxLength: number;

  /** `maxLength`: the longest payload accepted, in bytes. */
  constructor(tag: TransportTag, maxLength = 1 << 20) {
    this.#tag = tag;
    this.#maxLength = maxLength;
  }

  /** Bytes held back for want of the rest of their frame. */
  get pendingBytes(): number {
    return this.#pending.length;
  }

  /** @throws FramingError a length over the limit; the stream cannot go on after it. */
  push(chunk: Uint8Array): Frame[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      const start = this.#tag === 'abridged' ? readAbridgedLength(this.#pending) : readLength(this.#pending);
      if (start === undefined) return frames;
      if (start.length > this.#maxLength) {
        throw new FramingError(`a frame of ${start.length} bytes is over the limit of ${this.#maxLength}`);
      }
      const end = start.offset + start.length;
      if (this.#pending.length < end) return frames;
      // Padding is not counted apart: under the padded framing whole words of it stay behind the message.
      const kept = this.#tag === 'padded' ? start.offset + (start.length & ~3) : end;
      frames.push({ payload: this.#pending.subarray(start.offset, kept), quickAck: start.quickAck });
      this.#pending = this.#pending.subarray(end);
    }
  }
}

interface FrameStart {
  readonly offset: number;
  readonly length: number;
  readonly quickAck: boolean;
}

function readLength(bytes: Buffer): FrameStart | undefined {
  if (bytes.length < 4) return undefined;
  const word = bytes.readUInt32LE();
  return { offset: 4, length: word % quickAckBit, quickAck: word >= quickAckBit };
}

function readAbridgedLength(bytes: Buffer): FrameStart | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  const quickAck = first >= 0x80;
  const words = first & 0x7f;
  if (words < 0x7f) return { offset: 1, length: words * 4, quickAck };
  if (bytes.length < 4) return undefined;
  return { offset: 4, length: bytes.readUIntLE(1, 3) * 4, quickAck };
}

function abridgedLength(words: number, quickAck: boolean): Buffer {
  const bit = quickAck ? 0x80 : 0;
  if (words < 0x7f) return Buffer.of(bit | words);
  const length = Buffer.alloc(4);
  length.writeUInt8(bit | 0x7f);
  length.writeUIntLE(words, 1, 3);
  return length;
}

function randomPadding(): Buffer {
  return randomBytes((randomBytes(1)[0] ?? 0) % 16);
}
