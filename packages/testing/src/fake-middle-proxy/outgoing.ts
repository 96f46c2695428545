import { randomBytes, type Cipher } from 'node:crypto';
import type { Socket } from 'node:net';
import type { FrameFault, MiddleProxyFaults } from './faults.js';
import { encodeRpcFrame, fillerFor } from './rpc-frame.js';

/** Bytes of frames that wait for each other at most. */
const packLimit = 64 * 1024;

/** One direction of a connection: numbers, enciphers and sends frames, as far as the faults let it. */
export class Outgoing {
  readonly #socket: Socket;
  readonly #faults: MiddleProxyFaults;
  readonly #isPacked: boolean;
  #cipher: Cipher | undefined;
  #frames = 0;
  #sent = 0;
  #isStopped = false;
  #packed: Buffer[] = [];
  #packedBytes = 0;
  #pieces: Buffer[] = [];

  /** `isPacked`: frames of one turn go out together, with filler words only after the last. */
  constructor(socket: Socket, faults: MiddleProxyFaults, isPacked: boolean) {
    this.#socket = socket;
    this.#faults = faults;
    this.#isPacked = isPacked;
  }

  startCipher(cipher: Cipher): void {
    this.#cipher = cipher;
  }

  /** Sends one frame; false when the socket asks to wait for `drain`. */
  send(body: Buffer, fault = this.#faultOfNext()): boolean {
    const sequence = this.#frames - 2;
    this.#frames += 1;
    const frame = spoiled(body, sequence, fault);
    if (fault === 'cut' || fault === 'stall') return this.#sendHalf(frame, fault);
    if (this.#cipher === undefined) return this.#write(frame);
    if (!this.#isPacked) return this.#write(this.#encipher(frame));
    this.#packedBytes += frame.length;
    if (this.#packed.push(frame) === 1) queueMicrotask(() => this.#flush());
    return this.#packedBytes < packLimit || this.#flush();
  }

  /** Sends plain bytes, enciphered with filler words to whole blocks, that need not be a frame. */
  sendRaw(bytes: Buffer): boolean {
    return this.#write(this.#encipher(bytes));
  }

  #faultOfNext(): FrameFault | undefined {
    const { frame } = this.#faults;
    return frame?.index === this.#frames ? frame.fault : undefined;
  }

  #sendHalf(frame: Buffer, how: 'cut' | 'stall'): boolean {
    const whole = this.#cipher === undefined ? frame : this.#encipher(frame);
    this.#write(whole.subarray(0, Math.ceil(whole.length / 2)));
    this.#isStopped = true;
    if (how === 'cut') this.#end();
    return true;
  }

  #flush(): boolean {
    this.#packedBytes = 0;
    return this.#write(this.#encipher(Buffer.concat(this.#packed.splice(0))));
  }

  #encipher(bytes: Buffer): Buffer {
    if (this.#cipher === undefined) return bytes;
    return this.#cipher.update(Buffer.concat([bytes, fillerFor(bytes.length)]));
  }

  #write(bytes: Buffer): boolean {
    if (this.#isStopped || this.#socket.destroyed) return true;
    const { cutAfter, stallAfter } = this.#faults;
    const limit = Math.min(cutAfter ?? Infinity, stallAfter ?? Infinity);
    const isLast = this.#sent + bytes.length >= limit;
    const kept = isLast ? bytes.subarray(0, limit - this.#sent) : bytes;
    this.#sent += kept.length;
    const goesOn = this.#hand(kept);
    if (isLast) {
      this.#isStopped = true;
      if (limit === cutAfter) this.#end();
    }
    return goesOn;
  }

  #hand(bytes: Buffer): boolean {
    const size = this.#faults.pieces;
    if (size === undefined) return bytes.length === 0 || this.#socket.write(bytes);
    const isIdle = this.#pieces.length === 0;
    for (let at = 0; at < bytes.length; at += size) this.#pieces.push(bytes.subarray(at, at + size));
    if (isIdle) this.#handPiece();
    return true;
  }

  #handPiece(): void {
    const piece = this.#pieces[0];
    if (piece === undefined || this.#socket.destroyed) return;
    this.#socket.write(piece, () => {
      this.#pieces.shift();
      if (this.#pieces.length === 0 && this.#isStopped && this.#faults.cutAfter !== undefined) this.#end();
      setImmediate(() => this.#handPiece());
    });
  }

  #end(): void {
    if (this.#pieces.length > 0) return;
    if (this.#faults.cutBy !== 'reset') this.#socket.destroySoon();
    // An empty write is done when all before it is.
    else this.#socket.write(Buffer.alloc(0), () => this.#socket.resetAndDestroy());
  }
}

function spoiled(body: Buffer, sequence: number, fault: FrameFault | undefined): Buffer {
  switch (fault) {
    case 'wrong-crc':
      return encodeRpcFrame({ sequence, body }, { crcError: 1 });
    case 'wrong-sequence':
      return encodeRpcFrame({ sequence: sequence + 1, body });
    case 'oversized':
      return encodeRpcFrame({ sequence, body }, { length: 1 << 30 });
    case 'undersized':
      return encodeRpcFrame({ sequence, body }, { length: 8 });
    case 'unaligned':
      return encodeRpcFrame({ sequence, body }, { length: body.length + 13 });
    case 'unknown-operation':
      return encodeRpcFrame({ sequence, body: Buffer.concat([Buffer.from('5a5a5a5a', 'hex'), body.subarray(4)]) });
    case 'junk': {
      const junk = randomBytes(body.length + 12);
      // An odd length, so that no chance makes a frame of it.
      junk[0] = (junk[0] ?? 0) | 1;
      return junk;
    }
    default:
      return encodeRpcFrame({ sequence, body });
  }
}
