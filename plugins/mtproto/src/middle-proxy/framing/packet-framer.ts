import { Buffer } from 'node:buffer';
import { randomInt } from 'node:crypto';
import type { Framing } from '../../obfuscation/header.js';

const LONG_ABRIDGED = 0x7f;
const WORD = 4;

/** Bytes that must be free before and behind a message that is framed where it stands. */
export const HEAD_ROOM = 4;
export const TAIL_ROOM = 3;

/**
 * Frames the message that stands at `start` to `end`, a whole number of words: the length goes into
 * the memory before it, and what is behind it becomes padding, if there has to be some. Padding
 * hides lengths; its bytes mean nothing, and are enciphered like all others.
 * @returns the packet, a view of the memory
 */
export function framePacket(framing: Framing, memory: Buffer, start: number, end: number): Buffer {
  const length = end - start;
  if (framing === 'abridged') return frameAbridged(memory, start, end, length / WORD);
  const padding = framing === 'padded' ? randomInt(TAIL_ROOM + 1) : 0;
  memory.writeUInt32LE(length + padding, start - HEAD_ROOM);
  return memory.subarray(start - HEAD_ROOM, end + padding);
}

/** What tells a client that its packet has arrived. @param token as Telegram sends it, 4 bytes */
export function frameQuickAck(framing: Framing, token: Buffer): Buffer {
  const bytes = Buffer.from(token);
  // Its top bit tells it from a length, so it goes where an abridged length would show it.
  return framing === 'abridged' ? bytes.reverse() : bytes;
}

function frameAbridged(memory: Buffer, start: number, end: number, words: number): Buffer {
  if (words < LONG_ABRIDGED) {
    memory.writeUInt8(words, start - 1);
    return memory.subarray(start - 1, end);
  }
  memory.writeUInt8(LONG_ABRIDGED, start - HEAD_ROOM);
  memory.writeUIntLE(words, start - 3, 3);
  return memory.subarray(start - HEAD_ROOM, end);
}
