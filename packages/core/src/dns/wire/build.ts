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
/** A pointer to the first name of the message. */
const NAME_OF_QUESTION = 0xc000 | HEADER_BYTES;
/** A record up to its data: the name's pointer, type, class, time and length. */
const RECORD_HEAD = 12;

/**
 * A query with a random id.
 * @param clientIp an address of the client's network, for servers that answer by it
 * @param isExtended false for servers from before RFC 6891; they are told no network either
 * @throws SluiceError E_ADDRESS_INVALID for what is no name
 */
export function buildQuery(name: string, type: number, clientIp?: string, isExtended = true): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(randomInt(0x10000), 0);
  header[2] = RECURSION_DESIRED;
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(isExtended ? 1 : 0, 10);
  const question = Buffer.alloc(4);
  question.writeUInt16BE(type, 0);
  question.writeUInt16BE(INTERNET, 2);
  const parts = [header, writeName(name), question];
  return Buffer.concat(isExtended ? [...parts, optRecord(clientIp)] : parts);
}

/**
 * An answer to a query whose question stays as it was asked; without addresses an empty one. What has
 * no header gets one.
 * @param addresses of the family that the query asks for
 */
export function buildAnswer(query: Buffer, rcode: number, addresses: readonly string[] = [], ttl = 0): Buffer {
  const parsed = parseQuery(query);
  const end = parsed?.end ?? HEADER_BYTES;
  // To a query with such a record goes an answer with one (RFC 6891, 6.1.1).
  const hasOpt = parsed !== undefined && offeredSize(query, parsed) !== undefined;
  const isV6 = parsed?.question.type === TYPE.AAAA;
  const recordBytes = RECORD_HEAD + (isV6 ? 16 : 4);
  const answer = Buffer.alloc(end + addresses.length * recordBytes + (hasOpt ? PLAIN_OPT.length : 0));
  query.copy(answer, 0, 0, Math.min(end, query.length));
  answer[2] = RESPONSE | ((query[2] ?? 0) & (OPCODE | RECURSION_DESIRED));
  answer[3] = RECURSION_AVAILABLE | rcode;
  answer.writeUInt16BE(parsed === undefined ? 0 : 1, 4);
  answer.writeUInt16BE(addresses.length, 6);
  answer.writeUInt32BE(hasOpt ? 1 : 0, 8);
  let at = end;
  for (const address of addresses) {
    answer.writeUInt16BE(NAME_OF_QUESTION, at);
    answer.writeUInt16BE(isV6 ? TYPE.AAAA : TYPE.A, at + 2);
    answer.writeUInt16BE(INTERNET, at + 4);
    answer.writeUInt32BE(ttl, at + 6);
    answer.writeUInt16BE(recordBytes - RECORD_HEAD, at + 10);
    writeAddress(address, answer, at + RECORD_HEAD);
    at += recordBytes;
  }
  if (hasOpt) PLAIN_OPT.copy(answer, at);
  return answer;
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

const PLAIN_OPT = optRecord(undefined);

function writeAddress(address: string, into: Buffer, at: number): void {
  const isV4 = !address.includes(':');
  if (!isV4) {
    into.set(ipToBytes(address), at);
    return;
  }
  let from = 0;
  for (let i = 0; i < 4; i += 1) {
    const dot = address.indexOf('.', from);
    into[at + i] = Number(dot < 0 ? address.slice(from) : address.slice(from, dot));
    from = dot + 1;
  }
}
