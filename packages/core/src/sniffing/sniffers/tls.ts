import { Buffer } from 'node:buffer';
import type { SnifferContribution, SniffVerdict } from '@sluice/plugin-api';
import { handshakeLength, helloLimit, isHelloStart, readHello } from './client-hello.js';

const headerLength = 5;
const handshakeRecord = 22;
/** RFC 8446 5.1. */
const recordLimit = 16_384;
/** Enough of a message to know that it is a ClientHello, and its length. */
const startLength = 5;

/** TLS 1.0 to 1.3 and SSL 3.0: the server name of a ClientHello, over however many records and segments it comes. */
export const tlsSniffer: SnifferContribution = {
  description: "TLS by its client's hello, with the server name from there.",
  networks: ['tcp'],
  sniff: ([heard]) => (heard === undefined ? 'more' : sniff(heard)),
};

function sniff(heard: Buffer): SniffVerdict {
  const records = walkRecords(heard);
  if (records.length > 0) {
    const start = gather(heard, Math.min(records.length, startLength));
    if (!isHelloStart(start)) return 'no';
    const length = handshakeLength(start);
    if (length !== undefined && records.length >= length) {
      const hello = readHello(gather(heard, length));
      return hello === undefined ? 'no' : { protocol: 'tls', domain: hello.serverName };
    }
  }
  return records.continue ? 'more' : 'no';
}

interface Records {
  /** Bytes in handshake records. */
  readonly length: number;
  /** False: what follows these is no handshake record. */
  readonly continue: boolean;
}

/** Allocates nothing for each record: a client may send thousands of one byte, and one at a time. */
function walkRecords(heard: Buffer): Records {
  let length = 0;
  for (let at = 0; at < heard.length && length < helloLimit;) {
    if (!isRecordStart(heard, at)) return { length, continue: false };
    const start = at + headerLength;
    if (heard.length <= start) break;
    at = start + heard.readUInt16BE(at + 3);
    length += Math.min(at, heard.length) - start;
  }
  return { length, continue: true };
}

/** Whether the header at this place, as far as it has come, can be a handshake record's. */
function isRecordStart(heard: Buffer, at: number): boolean {
  const known = heard.length - at;
  if (heard[at] !== handshakeRecord) return false;
  if (known > 1 && heard[at + 1] !== 3) return false;
  if (known > 2 && (heard[at + 2] ?? 0) > 4) return false;
  if (known < headerLength) return true;
  const length = heard.readUInt16BE(at + 3);
  return length > 0 && length <= recordLimit;
}

/** So many bytes of the records that were walked: a view where they are in one, otherwise a copy. */
function gather(heard: Buffer, length: number): Buffer {
  if (heard.readUInt16BE(3) >= length) return heard.subarray(headerLength, headerLength + length);
  const whole = Buffer.allocUnsafe(length);
  for (let at = 0, filled = 0; filled < length;) {
    const start = at + headerLength;
    at = start + heard.readUInt16BE(at + 3);
    filled += heard.copy(whole, filled, start, Math.min(at, start + length - filled));
  }
  return whole;
}
