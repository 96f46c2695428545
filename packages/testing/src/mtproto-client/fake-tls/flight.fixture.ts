import { createHmac, randomBytes } from 'node:crypto';
import { x25519Share } from './client-hello.js';

export interface FlightParts {
  readonly sessionId: Buffer;
  readonly cipherSuite: number;
  readonly extensions: Buffer;
  readonly compression: number;
  /** In front of the application data. */
  readonly middle: Buffer;
  readonly encrypted: Buffer;
  readonly recordStart: string;
}

/** A proxy's first flight to the hello, every part of which can be another. */
export function flightTo(record: Buffer, key: Buffer, parts: Partial<FlightParts> = {}): Buffer {
  const sessionId = parts.sessionId ?? record.subarray(44, 76);
  const extensions = parts.extensions ?? Buffer.concat([Buffer.from('002b00020304', 'hex'), keyShare()]);
  const suite = Buffer.alloc(2);
  suite.writeUInt16BE(parts.cipherSuite ?? 0x1301);
  const body = Buffer.concat([
    Buffer.from('0303', 'hex'),
    Buffer.alloc(32),
    Buffer.of(sessionId.length),
    sessionId,
    suite,
    Buffer.of(parts.compression ?? 0),
    length16(extensions),
    extensions,
  ]);
  const message = Buffer.concat([Buffer.of(2, 0), length16(body), body]);
  const encrypted = parts.encrypted ?? randomBytes(500);
  const flight = Buffer.concat([
    Buffer.from(parts.recordStart ?? '160303', 'hex'),
    length16(message),
    message,
    parts.middle ?? Buffer.from('140303000101', 'hex'),
    Buffer.from('170303', 'hex'),
    length16(encrypted),
    encrypted,
  ]);
  createHmac('sha256', key).update(record.subarray(11, 43)).update(flight).digest().copy(flight, 11);
  return flight;
}

export function keyShare(share: Buffer = x25519Share(), group = '001d'): Buffer {
  const body = Buffer.concat([Buffer.from(group, 'hex'), length16(share), share]);
  return Buffer.concat([Buffer.from('0033', 'hex'), length16(body), body]);
}

function length16(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return length;
}
