import type { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';
import type { Framing } from '../../obfuscation/header.js';
import { GrowingBuffer } from '../growing-buffer.js';

/**
 * The longest packet that a client may send, in bytes. Files go up in parts of 512 KiB at most, and
 * Telegram's own proxy stops just short of this.
 */
export const MAX_PACKET = 1024 * 1024;

/** The key's id alone has this many bytes, so no message is shorter. */
const MIN_PACKET = 8;

const WORD = 4;
const QUICK_ACK_BYTE = 0x80;
const LONG_ABRIDGED = 0x7f;
const QUICK_ACK_WORD = 0x8000_0000;

/** A client's message; valid during the call. @param quickAck the client wants to be told that it has arrived */
export type OnPacket = (packet: Buffer, quickAck: boolean) => void;

/** Splits what a client sends, deciphered, into its messages: whole words, without length and padding. */
export class PacketSplitter {
  readonly #framing: Framing;
  readonly #partial = new GrowingBuffer();
  /** Of the packet under way, once its length is known. */
  #length = 0;
  #quickAck = false;

  constructor(framing: Framing) {
    this.#framing = framing;
  }

  /** Bytes that wait for the rest of their packet. */
  get pendingBytes(): number {
    return this.#partial.length;
  }

  /** Forgets what waits. */
  clear(): void {
    this.#partial.clear();
  }

  /** @throws SluiceError E_PROTOCOL; the stream cannot be read on after it */
  write(chunk: Buffer, onPacket: OnPacket): void {
    const partial = this.#partial;
    let at = 0;
    while (at < chunk.length) {
      if (this.#length === 0) {
        at += partial.fill(chunk, at, this.#headLength());
        if (partial.length < this.#headLength()) continue;
        this.#open(partial.bytes);
        partial.clear();
      } else if (partial.length === 0 && chunk.length - at >= this.#length) {
        const packet = chunk.subarray(at, at + this.#length);
        at += packet.length;
        this.#deliver(packet, onPacket);
      } else {
        at += partial.fill(chunk, at, this.#length);
        if (partial.length === this.#length) this.#deliver(partial.take(), onPacket);
      }
    }
  }

  /** An abridged head shows by its first byte whether it has three more. */
  #headLength(): number {
    if (this.#framing !== 'abridged') return WORD;
    const [first] = this.#partial.bytes;
    return first !== undefined && (first & LONG_ABRIDGED) === LONG_ABRIDGED ? WORD : 1;
  }

  #open(head: Buffer): void {
    let length: number;
    if (this.#framing === 'abridged') {
      const first = head.readUInt8(0);
      this.#quickAck = first >= QUICK_ACK_BYTE;
      length = (head.length === 1 ? first & LONG_ABRIDGED : head.readUIntLE(1, 3)) * WORD;
    } else {
      const word = head.readUInt32LE(0);
      this.#quickAck = word >= QUICK_ACK_WORD;
      length = word % QUICK_ACK_WORD;
      if (this.#framing === 'intermediate' && length % WORD !== 0) throw badLength(length);
    }
    if (length < MIN_PACKET || length > MAX_PACKET) throw badLength(length);
    this.#length = length;
  }

  #deliver(packet: Buffer, onPacket: OnPacket): void {
    this.#length = 0;
    // Up to three bytes of padding show by the length; whole words of it only Telegram can tell.
    onPacket(packet.subarray(0, packet.length - (packet.length % WORD)), this.#quickAck);
  }
}

function badLength(length: number): SluiceError {
  return new SluiceError('E_PROTOCOL', `the client sent a packet of ${length} bytes`);
}
