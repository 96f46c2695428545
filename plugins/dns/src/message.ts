import { Buffer } from 'node:buffer';

/** RFC 1035, 4.1.1. */
const HEADER_BYTES = 12;
const RESPONSE = 0x80;
const TRUNCATED = 0x02;
const RECURSION_DESIRED = 0x01;
const RECURSION_AVAILABLE = 0x80;
const OPCODE = 0x78;
const SERVFAIL = 2;
const POINTER = 0xc0;
const INTERNET = 1;
const A = 1;
const AAAA = 28;
/** RFC 6891: an additional record whose class is the size of packets that are taken. */
const OPT = 41;
/** What every client takes in a packet (RFC 1035, 2.3.4). */
const MIN_PACKET = 512;
/** What asks for more can ask over TCP: nobody is to be sent floods under another's address. */
const MAX_PACKET = 4096;

/** What has to be known of a query. */
export interface Query {
  readonly message: Buffer;
  readonly id: number;
  /** Whether it asks for addresses, and for nothing else. */
  readonly isForAddresses: boolean;
  /** Where the question ends. */
  readonly end: number;
}

/** @returns undefined for what is no DNS query */
export function readQuery(message: Buffer): Query | undefined {
  if (message.length < HEADER_BYTES || ((message[2] as number) & RESPONSE) !== 0) return undefined;
  const query = { message, id: message.readUInt16BE(0), isForAddresses: false, end: HEADER_BYTES };
  // Other operations (updates, notifications) and several questions: for servers to judge.
  if (((message[2] as number) & OPCODE) !== 0 || message.readUInt16BE(4) !== 1) return query;
  const name = endOfName(message, HEADER_BYTES);
  if (name === undefined || name + 4 > message.length) return undefined;
  const type = message.readUInt16BE(name);
  const isForAddresses = (type === A || type === AAAA) && message.readUInt16BE(name + 2) === INTERNET;
  return { ...query, isForAddresses, end: name + 4 };
}

/** How many bytes of answer the asking side takes in one packet. */
export function packetLimit({ message, end }: Query): number {
  const before = message.readUInt16BE(6) + message.readUInt16BE(8);
  let count = message.readUInt16BE(10);
  if (message.readUInt16BE(4) !== 1 || before > 0) return MIN_PACKET;
  for (let at = end; count > 0; count -= 1) {
    const name = endOfName(message, at);
    if (name === undefined || name + 10 > message.length) break;
    if (message.readUInt16BE(name) === OPT) {
      return Math.min(MAX_PACKET, Math.max(MIN_PACKET, message.readUInt16BE(name + 2)));
    }
    at = name + 10 + message.readUInt16BE(name + 8);
  }
  return MIN_PACKET;
}

/** Says that there is no answer to be had. */
export function failure(query: Query): Buffer {
  const answer = withoutRecords(query);
  answer[2] = ((answer[2] as number) & (OPCODE | RECURSION_DESIRED)) | RESPONSE;
  answer[3] = RECURSION_AVAILABLE | SERVFAIL;
  return answer;
}

/** Stands for an answer that is too long for a packet: asks to ask again over TCP. */
export function truncated(query: Query, answer: Buffer): Buffer {
  const short = withoutRecords(query);
  answer.copy(short, 2, 2, 4);
  short[2] = (short[2] as number) | TRUNCATED;
  return short;
}

function withoutRecords({ message, end }: Query): Buffer {
  const copy = Buffer.from(message.subarray(0, end));
  copy.writeUInt16BE(end > HEADER_BYTES ? 1 : 0, 4);
  copy.fill(0, 6, HEADER_BYTES);
  return copy;
}

/** @returns where what follows the name begins */
function endOfName(message: Buffer, start: number): number | undefined {
  let at = start;
  for (;;) {
    const size = message[at];
    if (size === undefined) return undefined;
    if (size === 0) return at + 1;
    if ((size & POINTER) === POINTER) return at + 2;
    if ((size & POINTER) !== 0) return undefined;
    at += size + 1;
  }
}
