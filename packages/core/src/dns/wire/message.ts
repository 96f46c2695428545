import { type Buffer } from 'node:buffer';
import { bytesToIp } from '@sluice/plugin-api';
import { broken, readName } from './name.js';

/** RFC 1035, RFC 3596, RFC 6891. */
export const TYPE = { A: 1, CNAME: 5, SOA: 6, AAAA: 28, OPT: 41, IXFR: 251, ANY: 255 } as const;
export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

export const HEADER_BYTES = 12;
const INTERNET = 1;
/** Records that are looked at, and names that stand for one another; more than any answer of use has. */
const MAX_RECORDS = 512;
const MAX_ALIASES = 16;

export interface Question {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** The part of a query that says what is wanted. */
export interface Query {
  readonly id: number;
  readonly question: Question;
  /** Where what follows the question begins. */
  readonly end: number;
  readonly isRecursive: boolean;
}

/** What an answer says of addresses. */
export interface Answer {
  readonly id: number;
  readonly rcode: number;
  readonly isTruncated: boolean;
  readonly question: Question;
  /** In the answer's order, those of the question's name or of the one that stands for it. */
  readonly addresses: readonly string[];
  /** How long it may be kept, in seconds: the least of its records', or the SOA's for an empty one. */
  readonly ttl: number | undefined;
}

/** A query with one question; undefined for anything else. */
export function parseQuery(message: Buffer): Query | undefined {
  if (message.length < HEADER_BYTES || isResponse(message) || opcode(message) !== 0) return undefined;
  if (message.readUInt16BE(4) !== 1) return undefined;
  try {
    const { question, end } = readQuestion(message);
    const isRecursive = ((message[2] as number) & 0x01) !== 0;
    return { id: message.readUInt16BE(0), question, end, isRecursive };
  } catch {
    return undefined;
  }
}

/**
 * Whether a message is about a query: by its id and its question, byte for byte but for the case of
 * letters. An error may leave the question out.
 */
export function isAnswerTo(message: Buffer, query: Buffer): boolean {
  if (message.length < HEADER_BYTES || !isResponse(message)) return false;
  if (message.readUInt16BE(0) !== query.readUInt16BE(0)) return false;
  if (message.readUInt16BE(4) === 0) return rcodeOf(message) !== RCODE.NOERROR;
  const end = parseQuery(query)?.end ?? query.length;
  if (message.readUInt16BE(4) !== 1 || message.length < end) return false;
  for (let at = HEADER_BYTES; at < end; at += 1) {
    if (lowerCase(message[at] as number) !== lowerCase(query[at] as number)) return false;
  }
  return true;
}

/** Whether there was no room for all of the answer. */
export function isTruncated(message: Buffer): boolean {
  return ((message[2] as number) & 0x02) !== 0;
}

/** The size of UDP packets that a query offers to take (RFC 6891); undefined where it says nothing. */
export function offeredSize(query: Buffer, parsed = parseQuery(query)): number | undefined {
  if (parsed === undefined) return undefined;
  try {
    const count = Math.min(MAX_RECORDS, query.readUInt16BE(6) + query.readUInt16BE(8) + query.readUInt16BE(10));
    for (let at = parsed.end, i = 0; i < count; i += 1) {
      const record = readRecord(query, at);
      if (record.type === TYPE.OPT) return record.class;
      at = record.end;
    }
  } catch {
    // What follows the question is no part of it.
  }
  return undefined;
}

/** @throws SluiceError E_DNS_FAILED for what is no answer to one question */
export function parseAnswer(message: Buffer): Answer {
  if (message.length < HEADER_BYTES || !isResponse(message) || message.readUInt16BE(4) !== 1) throw broken();
  const { question, end } = readQuestion(message);
  const head = { id: message.readUInt16BE(0), rcode: rcodeOf(message), question, isTruncated: isTruncated(message) };
  if (head.isTruncated) return { ...head, addresses: [], ttl: undefined };
  const answers = message.readUInt16BE(6);
  const count = Math.min(MAX_RECORDS, answers + message.readUInt16BE(8));
  const aliases = new Map<string, { readonly to: string; readonly ttl: number }>();
  const found: { readonly name: string; readonly address: string; readonly ttl: number }[] = [];
  let negative: number | undefined;
  let at = end;
  for (let i = 0; i < count; i += 1) {
    const record = readRecord(message, at);
    at = record.end;
    if (record.class !== INTERNET) continue;
    const { name, type, ttl } = record;
    if (i >= answers) {
      if (type === TYPE.SOA) negative = Math.min(ttl, soaMinimum(message, record));
    } else if (type === TYPE.CNAME) aliases.set(name, { to: readName(message, record.data).name, ttl });
    else if (type === question.type && isAddressType(type)) {
      const address = readAddress(message, record);
      // An IPv4 address in the form of IPv6 belongs into no AAAA record (RFC 4038, 4.2).
      if (type === TYPE.A || address.includes(':')) found.push({ name, address, ttl });
    }
  }
  // What is said of other names was not asked for.
  let name = question.name;
  let least = Infinity;
  for (let i = 0; i < MAX_ALIASES; i += 1) {
    const alias = aliases.get(name);
    if (alias === undefined) break;
    name = alias.to;
    least = Math.min(least, alias.ttl);
  }
  const own = found.filter((each) => each.name === name);
  for (const { ttl } of own) least = Math.min(least, ttl);
  return {
    ...head,
    addresses: own.map(({ address }) => address),
    ttl: own.length > 0 ? least : negative === undefined ? undefined : Math.min(negative, least),
  };
}

interface RecordPlace {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly data: number;
  readonly dataEnd: number;
  readonly end: number;
}

function readQuestion(message: Buffer): { question: Question; end: number } {
  const { name, end } = readName(message, HEADER_BYTES);
  if (end + 4 > message.length) throw broken();
  return { question: { name, type: message.readUInt16BE(end), class: message.readUInt16BE(end + 2) }, end: end + 4 };
}

function readRecord(message: Buffer, start: number): RecordPlace {
  const { name, end: at } = readName(message, start);
  if (at + 10 > message.length) throw broken();
  const data = at + 10;
  const end = data + message.readUInt16BE(at + 8);
  if (end > message.length) throw broken();
  // A TTL with the highest bit set counts as 0 (RFC 2181, 8).
  const ttl = message.readUInt32BE(at + 4);
  return {
    name,
    type: message.readUInt16BE(at),
    class: message.readUInt16BE(at + 2),
    ttl: ttl > 0x7fffffff ? 0 : ttl,
    data,
    dataEnd: end,
    end,
  };
}

function isAddressType(type: number): boolean {
  return type === TYPE.A || type === TYPE.AAAA;
}

function readAddress(message: Buffer, { type, data, dataEnd }: RecordPlace): string {
  if (dataEnd - data !== (type === TYPE.A ? 4 : 16)) throw broken();
  return bytesToIp(message.subarray(data, dataEnd));
}

/** RFC 2308: how long a name's absence may be kept. */
function soaMinimum(message: Buffer, { data, dataEnd }: RecordPlace): number {
  const { end: mailbox } = readName(message, data);
  const { end } = readName(message, mailbox);
  if (end + 20 > dataEnd) throw broken();
  return message.readUInt32BE(end + 16);
}

/** Whether a server does not know what RFC 6891 has added (its section 7). */
export function refusesExtensions(answer: Buffer): boolean {
  return rcodeOf(answer) === RCODE.FORMERR || rcodeOf(answer) === RCODE.NOTIMP;
}

function rcodeOf(message: Buffer): number {
  return (message[3] as number) & 0x0f;
}

function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

function isResponse(message: Buffer): boolean {
  return ((message[2] as number) & 0x80) !== 0;
}

function opcode(message: Buffer): number {
  return ((message[2] as number) >> 3) & 0x0f;
}
