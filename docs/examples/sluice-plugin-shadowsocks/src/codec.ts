import { Buffer } from 'node:buffer';
import { SluiceError, type Codec, type Emit } from '@sluice/plugin-api';
import { type Opener, Sealer, TAG } from './aead.js';
import type { Secret } from './method.js';

/** The two upper bits of a length are always zero. */
export const MAX_PAYLOAD = 0x3fff;
/** The sealed length in front of every chunk. */
export const LENGTH_BOX = 2 + TAG;
const OVERHEAD = LENGTH_BOX + TAG;

/** So much is sealed into one piece of memory. */
const FRAME_CHUNKS = 4;
const FRAME = FRAME_CHUNKS * (MAX_PAYLOAD + OVERHEAD);
/** Less than this has memory of its own size. */
const SMALL = 4096;
/** Encoding is synchronous, so one frame serves all connections while nobody keeps it. */
let spareFrame: Buffer | undefined;

/** Seals a direction of a stream, SIP004: the salt once, then chunks of a sealed length and a sealed payload. */
export class ChunkEncoder implements Codec {
  readonly takesLargeChunks = true;
  readonly #sealer: Sealer;
  /** Goes out with the first bytes: an answer of a salt alone would say what this is. */
  #salt: Buffer | undefined;
  readonly #length = Buffer.alloc(2);

  constructor(secret: Secret, salt: Buffer) {
    this.#sealer = new Sealer(secret, salt);
    this.#salt = salt;
  }

  write(chunk: Buffer, emit: Emit): void {
    let rest = chunk;
    if (this.#salt !== undefined && chunk.length > 0) {
      const salt = this.#salt;
      this.#salt = undefined;
      const payload = chunk.subarray(0, MAX_PAYLOAD);
      const first = Buffer.allocUnsafe(salt.length + payload.length + OVERHEAD);
      first.set(salt);
      this.#seal(payload, first, salt.length);
      emit(first);
      rest = chunk.subarray(payload.length);
    }
    for (let at = 0; at < rest.length; at += FRAME_CHUNKS * MAX_PAYLOAD)
      this.#writeFrame(rest.subarray(at, at + FRAME_CHUNKS * MAX_PAYLOAD), emit);
  }

  #writeFrame(bytes: Buffer, emit: Emit): void {
    if (bytes.length < SMALL) {
      const frame = Buffer.allocUnsafe(bytes.length + OVERHEAD);
      this.#seal(bytes, frame, 0);
      emit(frame);
      return;
    }
    const frame = spareFrame ?? Buffer.allocUnsafeSlow(FRAME);
    spareFrame = undefined;
    let end = 0;
    for (let at = 0; at < bytes.length; at += MAX_PAYLOAD)
      end = this.#seal(bytes.subarray(at, at + MAX_PAYLOAD), frame, end);
    if (emit(frame.subarray(0, end)) === true) spareFrame = frame;
  }

  #seal(payload: Buffer, frame: Buffer, at: number): number {
    this.#length.writeUInt16BE(payload.length);
    return this.#sealer.seal(payload, frame, this.#sealer.seal(this.#length, frame, at));
  }
}

/** Opens the chunks that follow a salt. Nothing is emitted before its tag was checked. */
export class ChunkDecoder implements Codec {
  readonly takesLargeChunks = true;
  readonly #opener: Opener;
  #isLength = true;
  /** Bytes of the box that is due. */
  #size = LENGTH_BOX;
  /** The box as far as it has come; held only while one is cut in two. */
  #partial: Buffer | undefined;
  #have = 0;

  constructor(opener: Opener) {
    this.#opener = opener;
  }

  get pendingBytes(): number {
    return this.#have;
  }

  /** @throws SluiceError E_PROTOCOL for what was not sealed with the key, or has been changed */
  write(chunk: Buffer, emit: Emit): void {
    let at = this.#have > 0 ? this.#complete(chunk, emit) : 0;
    // Payloads move together within the chunk, to leave as one: each is shorter than what it came in.
    const from = at;
    let to = at;
    while (this.#have === 0 && chunk.length - at >= this.#size) {
      const box = chunk.subarray(at, at + this.#size);
      at += this.#size;
      const payload = this.#open(box);
      if (payload === undefined) continue;
      chunk.set(payload, to);
      to += payload.length;
    }
    if (at < chunk.length && this.#have === 0) this.#keep(chunk.subarray(at));
    if (to > from) emit(chunk.subarray(from, to));
  }

  /** @throws SluiceError E_PROTOCOL if the stream ends within a chunk */
  end(): void {
    if (this.#have > 0 || !this.#isLength) throw new SluiceError('E_PROTOCOL', 'the stream ends within a chunk');
  }

  /** Adds what is missing to the box that was cut in two. @returns how many bytes it took */
  #complete(chunk: Buffer, emit: Emit): number {
    const partial = this.#partial!;
    const taken = Math.min(chunk.length, this.#size - this.#have);
    partial.set(chunk.subarray(0, taken), this.#have);
    this.#have += taken;
    if (this.#have < this.#size) return taken;
    this.#partial = undefined;
    this.#have = 0;
    const payload = this.#open(partial);
    if (payload !== undefined) emit(payload);
    return taken;
  }

  #keep(bytes: Buffer): void {
    this.#partial = Buffer.allocUnsafeSlow(this.#size);
    this.#partial.set(bytes);
    this.#have = bytes.length;
  }

  /** @returns the payload, if the box is not a length */
  #open(box: Buffer): Buffer | undefined {
    const plain = this.#opener.open(box);
    if (plain === undefined)
      throw new SluiceError('E_PROTOCOL', `a ${this.#isLength ? 'length' : 'payload'} has not the tag that it needs`);
    if (this.#isLength) {
      this.#size = payloadLength(plain) + TAG;
      this.#isLength = false;
      return undefined;
    }
    this.#size = LENGTH_BOX;
    this.#isLength = true;
    return plain;
  }
}

/** @param plain an opened length @throws SluiceError E_PROTOCOL */
export function payloadLength(plain: Buffer): number {
  const length = plain.readUInt16BE();
  if (length > MAX_PAYLOAD) throw new SluiceError('E_PROTOCOL', `a chunk is longer than ${MAX_PAYLOAD} bytes`);
  return length;
}
