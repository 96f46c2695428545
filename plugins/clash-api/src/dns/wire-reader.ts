import type { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';

/** Bytes of a name with the lengths of its labels, by RFC 1035; one more for how they are counted here. */
const MAX_NAME = 256;

const malformed = (): SluiceError => new SluiceError('E_PROTOCOL', 'the DNS message is broken');

/** Reads a DNS message from front to back (RFC 1035). Every method may throw E_PROTOCOL. */
export class WireReader {
  readonly #message: Buffer;
  at: number;

  constructor(message: Buffer, at = 0) {
    this.#message = message;
    this.at = at;
  }

  uint8(): number {
    return this.bytes(1).readUInt8(0);
  }

  uint16(): number {
    return this.bytes(2).readUInt16BE(0);
  }

  uint32(): number {
    return this.bytes(4).readUInt32BE(0);
  }

  bytes(length: number): Buffer {
    const end = this.at + length;
    if (end > this.#message.length) throw malformed();
    const bytes = this.#message.subarray(this.at, end);
    this.at = end;
    return bytes;
  }

  /** A name with its final dot; pointers are followed, each further back than the last. */
  name(): string {
    const labels: string[] = [];
    let at = this.at;
    let floor = this.#message.length;
    let end: number | undefined;
    let total = 1;
    for (;;) {
      const length = this.#message[at];
      if (length === undefined) throw malformed();
      if (length >= 0xc0) {
        const low = this.#message[at + 1];
        if (low === undefined) throw malformed();
        end ??= at + 2;
        const target = ((length & 0x3f) << 8) | low;
        if (target >= Math.min(at, floor)) throw malformed();
        at = target;
        floor = target;
        continue;
      }
      total += length + 1;
      if (length > 63 || total > MAX_NAME || at + 1 + length > this.#message.length) throw malformed();
      at += 1;
      if (length === 0) break;
      labels.push(printable(this.#message.subarray(at, at + length)));
      at += length;
    }
    this.at = end ?? at;
    return `${labels.join('.')}.`;
  }
}

/** RFC 1035's way to write bytes that are not letters, digits or the like. */
export function printable(bytes: Buffer): string {
  let text = '';
  for (const byte of bytes) {
    if (byte === 0x2e || byte === 0x5c || byte === 0x22) text += `\\${String.fromCharCode(byte)}`;
    else if (byte < 0x21 || byte > 0x7e) text += `\\${String(byte).padStart(3, '0')}`;
    else text += String.fromCharCode(byte);
  }
  return text;
}
