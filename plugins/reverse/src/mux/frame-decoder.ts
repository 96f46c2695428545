import { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';
import { MAX_METADATA, readMetadata, type FrameMetadata } from './frame.js';

/** Who is told what stands in a stream of frames. */
export interface FrameReceiver {
  /** A frame begins. */
  frame(metadata: FrameMetadata): void;
  /**
   * A piece of the data of the frame that began last, valid during the call; `last` says that it is
   * complete. A frame that announces data of no length has one empty piece.
   */
  data(piece: Buffer, last: boolean): void;
}

const LENGTH_BYTES = 2;
const NONE = Buffer.alloc(0);

/** Takes a stream apart into frames. Holds back at most the head of one; data pass through in pieces. */
export class FrameDecoder {
  /** The head of a frame as far as it has come: length, metadata, length of data. */
  readonly #head = Buffer.allocUnsafe(LENGTH_BYTES + MAX_METADATA + LENGTH_BYTES);
  #have = 0;
  #need = LENGTH_BYTES;
  /** Set between a frame's metadata and the length of its data. */
  #isAwaitingData = false;
  /** Data of the frame that are still to come. */
  #left = 0;
  #stopped = false;

  /** Bytes that wait for the rest of their head. */
  get pendingBytes(): number {
    return this.#have;
  }

  /** Nothing more is read, also of the chunk that is being read. */
  stop(): void {
    this.#stopped = true;
  }

  /** @throws SluiceError E_PROTOCOL */
  write(chunk: Buffer, receiver: FrameReceiver): void {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      if (this.#left > 0) {
        const end = Math.min(chunk.length, at + this.#left);
        this.#left -= end - at;
        receiver.data(chunk.subarray(at, end), this.#left === 0);
        at = end;
        continue;
      }
      const end = Math.min(chunk.length, at + this.#need - this.#have);
      this.#have += chunk.copy(this.#head, this.#have, at, end);
      at = end;
      if (this.#have === this.#need) this.#complete(receiver);
    }
  }

  #complete(receiver: FrameReceiver): void {
    if (this.#isAwaitingData) {
      const length = this.#head.readUInt16BE(this.#have - LENGTH_BYTES);
      this.#expectHead();
      this.#left = length;
      if (length === 0) receiver.data(NONE, true);
      return;
    }
    if (this.#have === LENGTH_BYTES) {
      const length = this.#head.readUInt16BE(0);
      if (length > MAX_METADATA)
        throw new SluiceError(
          'E_PROTOCOL',
          `a frame announces ${length} bytes of metadata; at most ${MAX_METADATA} are allowed`,
        );
      this.#need = LENGTH_BYTES + length;
      if (length > 0) return;
    }
    const metadata = readMetadata(this.#head.subarray(LENGTH_BYTES, this.#have));
    if (metadata.hasData) {
      this.#need += LENGTH_BYTES;
      this.#isAwaitingData = true;
    } else this.#expectHead();
    receiver.frame(metadata);
  }

  #expectHead(): void {
    this.#have = 0;
    this.#need = LENGTH_BYTES;
    this.#isAwaitingData = false;
  }
}
