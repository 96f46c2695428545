import { Buffer } from 'node:buffer';
import { randomInt } from 'node:crypto';
import { ipToBytes } from '@sluice/plugin-api';
import { HEADER_BYTES, offeredSize, parseQuery, TYPE } from './message.js';
import { writeName } from './name.js';

const INTERNET = 1;
const RECURSION_DESIRED = 0x01;
const RECURSION_AVAILABLE = 0x80;
const RESPONSE = 0x80;
const OPCODE = 0x78;
/** RFC 6891 and the DNS flag day of 2020: what passes most networks in one packet. */
const UDP_PAYLOAD = 1232;
/** RFC 7871. */
const CLIENT_SUBNET = 8;
const SUBNET_BITS = { 4: 24, 6: 56 } as const;
/** To the first name of the message. */
const NAME_OF_QUESTION = Buffer.from([0xc0, HEADER_BYTES]);

/**
 * A query with a random id.
 * @param clientIp an address of the client's network, for servers that answer by it
 * @throws SluiceError E_ADDRESS_INVALID for what is no name
 */
export function buildQuery(name: string, type: number, clientIp?: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(randomInt(0x10000), 0);
  header[2] = RECURSION_DESIRED;
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(1, 10);
  const question = Buffer.alloc(4);
  question.writeUInt16BE(type, 0);
  question.writeUInt16BE(INTERNET, 2);
  return Buffer.concat([header, writeName(name), question, optRecord(clientIp)]);
}

/**
 * An answer to a query whose question stays as it was asked; without addresses an empty one. What has
 * no header gets one.
 */
export function buildAnswer(query: Buffer, rcode: number, addresses: readonly string[] = [], ttl = 0): Buffer {
  const parsed = parseQuery(query);
  const end = parsed?.end ?? HEADER_BYTES;
  const head = Buffer.alloc(end);
  query.copy(head, 0, 0, Math.min(end, query.length));
  head[2] = RESPONSE | ((query[2] ?? 0) & (OPCODE | RECURSION_DESIRED));
  head[3] = RECURSION_AVAILABLE | rcode;
  head.writeUInt16BE(parsed === undefined ? 0 : 1, 4);
  head.writeUInt16BE(addresses.length, 6);
  // To a query with such a record goes an answer with one (RFC 6891, 6.1.1).
  const hasOpt = offeredSize(query) !== undefined;
  head.writeUInt32BE(hasOpt ? 1 : 0, 8);
  const records = addresses.flatMap((address) => {
    const data = ipToBytes(address);
    const fixed = Buffer.alloc(10);
    fixed.writeUInt16BE(data.length === 4 ? TYPE.A : TYPE.AAAA, 0);
    fixed.writeUInt16BE(INTERNET, 2);
    fixed.writeUInt32BE(ttl, 4);
    fixed.writeUInt16BE(data.length, 8);
    return [NAME_OF_QUESTION, fixed, data];
  });
  return Buffer.concat(hasOpt ? [head, ...records, optRecord(undefined)] : [head, ...records]);
}

/** The same message under another id. */
export function withId(message: Buffer, id: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(id, 0);
  return copy;
}

function optRecord(clientIp: string | undefined): Buffer {
  const options = clientIp === undefined ? Buffer.alloc(0) : subnetOption(clientIp);
  const record = Buffer.alloc(11);
  record.writeUInt16BE(TYPE.OPT, 1);
  record.writeUInt16BE(UDP_PAYLOAD, 3);
  record.writeUInt16BE(options.length, 9);
  return Buffer.concat([record, options]);
}

function subnetOption(clientIp: string): Buffer {
  const address = ipToBytes(clientIp);
  const isV4 = address.length === 4;
  const bits = isV4 ? SUBNET_BITS[4] : SUBNET_BITS[6];
  const prefix = address.subarray(0, bits / 8);
  const option = Buffer.alloc(8);
  option.writeUInt16BE(CLIENT_SUBNET, 0);
  option.writeUInt16BE(4 + prefix.length, 2);
  option.writeUInt16BE(isV4 ? 1 : 2, 4);
  option[6] = bits;
  return Buffer.concat([option, prefix]);
}
