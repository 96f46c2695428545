/** Bytes that are not what a protocol buffer's fields look like. */
export class WireError extends Error {}

/** The bytes of one field, by their place in the file. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Reads the fields of one protocol buffer message in place; what nobody asks for is stepped over by its length. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  #wireType = VARINT;

  constructor(bytes: Uint8Array, { start, end }: Span = { start: 0, end: bytes.length }) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** The next field's number, or 0 at the message's end. Its value must be read or skipped. */
  next(): number {
    if (this.#at >= this.#end) return 0;
    const key = this.#varint();
    this.#wireType = key % 8;
    const field = Math.floor(key / 8);
    if (field === 0) throw new WireError(`no field at byte ${this.#at}`);
    return field;
  }

  number(): number {
    this.#expect(VARINT);
    return this.#varint();
  }

  span(): Span {
    this.#expect(BYTES);
    const length = this.#varint();
    return this.#step(length);
  }

  text(): string {
    const { start, end } = this.span();
    // A buffer's decoding makes one-byte strings of ASCII, which most names are.
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, end - start).toString('utf8');
  }

  skip(): void {
    if (this.#wireType === VARINT) this.#varint();
    else if (this.#wireType === BYTES) this.span();
    else if (this.#wireType === FIXED64) this.#step(8);
    else if (this.#wireType === FIXED32) this.#step(4);
    else throw new WireError(`a field of an unknown kind at byte ${this.#at}`);
  }

  #step(length: number): Span {
    const start = this.#at;
    if (length > this.#end - start) throw new WireError(`cut off at byte ${start}`);
    this.#at = start + length;
    return { start, end: this.#at };
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType) throw new WireError(`a field of another kind at byte ${this.#at}`);
  }

  #varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i += 1) {
      if (this.#at >= this.#end) throw new WireError(`cut off at byte ${this.#at}`);
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw new WireError(`a number without end at byte ${this.#at}`);
  }
}
