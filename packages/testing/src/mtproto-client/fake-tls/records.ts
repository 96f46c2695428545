import { FakeTlsError } from './server-flight.js';

/** TDLib's records are no longer. */
const maxOwnRecord = 2878;

/** What a client sends once, before its first record. */
export const changeCipherSpec = Buffer.from('140303000101', 'hex');

/** Bytes as records of application data. */
export function encodeRecords(bytes: Uint8Array, maxLength: number = maxOwnRecord): Buffer {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += maxLength) {
    const payload = bytes.subarray(at, at + maxLength);
    parts.push(Buffer.of(0x17, 3, 3, payload.length >> 8, payload.length & 0xff), payload);
  }
  return Buffer.concat(parts);
}

/** Takes a proxy's records off, as strictly as Telegram's clients do. */
export class RecordReader {
  /** Payload lengths of the whole records that have come, in order. */
  readonly lengths: number[] = [];
  #pending: Buffer = Buffer.alloc(0);

  /** @throws FakeTlsError */
  push(chunk: Buffer): Buffer {
    const payloads: Buffer[] = [];
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (bytes.length >= 5) {
      const length = bytes.readUInt16BE(3);
      if (bytes.readUIntBE(0, 3) !== 0x170303) {
        throw new FakeTlsError(`a record that begins with ${bytes.toString('hex', 0, 5)}`);
      }
      if (length === 0 || length > 16_384) throw new FakeTlsError(`a record of ${length} bytes`);
      if (bytes.length < 5 + length) break;
      payloads.push(bytes.subarray(5, 5 + length));
      this.lengths.push(length);
      bytes = bytes.subarray(5 + length);
    }
    this.#pending = bytes;
    return Buffer.concat(payloads);
  }
}
