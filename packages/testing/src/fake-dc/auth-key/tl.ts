/** Reads the binary form of Telegram's type language (core.telegram.org/mtproto/serialize) front to back. */
export class TlReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#at;
  }

  /** @throws RangeError the bytes end before it. */
  take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new RangeError(`a message ends within its last ${length} bytes`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  word(): number {
    return this.take(4).readUInt32LE();
  }

  long(): bigint {
    return this.take(8).readBigUInt64LE();
  }

  /** A string or `bytes`: its length in one byte, or 254 and three more; then zeros up to a whole word. */
  bytes(): Buffer {
    const start = this.#at;
    const first = this.take(1).readUInt8();
    const length = first < 254 ? first : this.take(3).readUIntLE(0, 3);
    const bytes = this.take(length);
    this.take(-(this.#at - start) & 3);
    return bytes;
  }

  rest(): Buffer {
    return this.take(this.#bytes.length - this.#at);
  }
}

export const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};

export const long = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
};

export const bytesOf = (value: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(value);
  const start =
    bytes.length < 254 ? Buffer.of(bytes.length) : Buffer.concat([Buffer.of(254), word(bytes.length).subarray(0, 3)]);
  return Buffer.concat([start, bytes, Buffer.alloc(-(start.length + bytes.length) & 3)]);
};
