import { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';
import { parseName, type HostPort, type Parsed } from './address.js';

/*
 * SOCKS 4 ("SOCKS: A protocol for TCP proxy across firewalls", Ying-Da Lee) and its extension 4A,
 * in which the client sends a name and the impossible address 0.0.0.x.
 */

export const VERSION4 = 4;
export const Reply4 = { granted: 0x5a, rejected: 0x5b } as const;

/** The most bytes of a user id or a name. */
const MAX_FIELD = 255;

export interface Request4 extends HostPort {
  readonly command: number;
}

/** A request of SOCKS 4 or 4A; null means "more bytes are needed". @throws SluiceError E_PROTOCOL, E_ADDRESS_INVALID */
export function parseRequest4(bytes: Buffer): Parsed<Request4> | null {
  if (bytes.length < 9) return null;
  const userEnd = fieldEnd(bytes, 8);
  if (userEnd < 0) return null;
  const command = bytes.readUInt8(1);
  const port = bytes.readUInt16BE(2);
  const isName = bytes.readUIntBE(4, 3) === 0 && bytes[7] !== 0;
  if (!isName) {
    const host = `${bytes[4]}.${bytes[5]}.${bytes[6]}.${bytes[7]}`;
    return { value: { command, host, port }, length: userEnd + 1 };
  }
  const nameEnd = fieldEnd(bytes, userEnd + 1);
  if (nameEnd < 0) return null;
  return { value: { command, host: parseName(bytes.subarray(userEnd + 1, nameEnd)), port }, length: nameEnd + 1 };
}

export function formatReply4(reply: number): Buffer {
  return Buffer.from([0, reply, 0, 0, 0, 0, 0, 0]);
}

/** Where the zero byte is that ends the field, or -1 if it has not come yet. */
function fieldEnd(bytes: Buffer, from: number): number {
  const end = bytes.subarray(from, from + MAX_FIELD + 1).indexOf(0);
  if (end >= 0) return from + end;
  if (bytes.length > from + MAX_FIELD) {
    throw new SluiceError('E_PROTOCOL', `a field of the SOCKS 4 request is longer than ${MAX_FIELD} bytes`);
  }
  return -1;
}
