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
  const { complete, payloads, payloadLength } = readRecords(heard);
  const [first] = payloads;
  if (first !== undefined) {
    const start = first.length < startLength ? gather(payloads, Math.min(payloadLength, startLength)) : first;
    if (!isHelloStart(start)) return 'no';
    const length = handshakeLength(start);
    if (length !== undefined && payloadLength >= length) {
      const hello = readHello(first.length < length ? gather(payloads, length) : first.subarray(0, length));
      return hello === undefined ? 'no' : { protocol: 'tls', domain: hello.serverName };
    }
  }
  return complete ? 'more' : 'no';
}

interface Records {
  /** False: what follows the payloads is no handshake record. */
  readonly complete: boolean;
  /** Of handshake records, the last perhaps not whole; none is empty. */
  readonly payloads: readonly Buffer[];
  /** Bytes in them. */
  readonly payloadLength: number;
}

function readRecords(heard: Buffer): Records {
  const payloads: Buffer[] = [];
  let payloadLength = 0;
  for (let at = 0; at < heard.length && payloadLength < helloLimit;) {
    if (!isRecordStart(heard, at)) return { complete: false, payloads, payloadLength };
    const start = at + headerLength;
    if (heard.length <= start) break;
    at = start + heard.readUInt16BE(at + 3);
    const payload = heard.subarray(start, at);
    payloads.push(payload);
    payloadLength += payload.length;
  }
  return { complete: true, payloads, payloadLength };
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

/** The first bytes of the parts, copied into one buffer. */
function gather(parts: readonly Buffer[], length: number): Buffer {
  const whole = Buffer.allocUnsafe(length);
  let filled = 0;
  for (const part of parts) {
    if (filled === length) break;
    filled += part.copy(whole, filled, 0, length - filled);
  }
  return whole;
}
