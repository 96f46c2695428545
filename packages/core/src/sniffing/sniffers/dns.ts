import type { Buffer } from 'node:buffer';
import type { SnifferContribution, SniffVerdict } from '@sluice/plugin-api';

const dns = { protocol: 'dns' } as const;

const headerLength = 12;
/** Header, the root's name, type and class. */
const shortest = headerLength + 1 + 4;
/** In bytes. Queries have some 30 to 500; and over TCP what begins with text is none then. */
const longest = 4_096;

/** One question, no answer; an incremental transfer says what it has (RFC 1995); EDNS, a signature. Two bytes each. */
const mostRecords = [0, 1, 0, 0, 0, 1, 0, 2];

/** Queries of DNS (RFC 1035) over UDP and TCP. Where they go is not what they ask for: no domain. */
export const dnsSniffer: SnifferContribution = {
  description: 'DNS by a query, over UDP or TCP.',
  networks: ['tcp', 'udp'],
  sniff: ([heard], network) => {
    if (heard === undefined) return 'more';
    if (network === 'tcp') return sniffStream(heard);
    return heard.length < shortest || heard.length > longest ? 'no' : readQuery(heard, heard.length);
  },
};

/** Over TCP each message has its length before it (RFC 1035 4.2.2). */
function sniffStream(heard: Buffer): SniffVerdict {
  if (heard.length > 0 && (heard[0] ?? 0) > longest >> 8) return 'no';
  if (heard.length < 2) return 'more';
  const length = heard.readUInt16BE(0);
  return length < shortest || length > longest ? 'no' : readQuery(heard.subarray(2, 2 + length), length);
}

/** A query of this length, of which what is given has come. 'more' only where bytes are missing. */
function readQuery(query: Buffer, length: number): SniffVerdict {
  if (!isQueryHeader(query)) return 'no';
  if (query.length < headerLength) return 'more';
  const question = skipName(query, headerLength, length);
  if (typeof question === 'string') return question;
  let at = question + 4;
  if (at > length) return 'no';
  if (query.length < at) return 'more';
  if (query.readUInt16BE(question) === 0 || !isClass(query.readUInt16BE(question + 2))) return 'no';
  const records = query.readUInt16BE(8) + query.readUInt16BE(10);
  for (let i = 0; i < records; i += 1) {
    const name = skipName(query, at, length);
    if (typeof name === 'string') return name;
    // Type, class, TTL, length of the data.
    const data = name + 10;
    if (data > length) return 'no';
    if (query.length < data) return 'more';
    at = data + query.readUInt16BE(data - 2);
    if (at > length) return 'no';
  }
  if (at !== length) return 'no';
  return query.length < length ? 'more' : dns;
}

/** Whether the header, as far as it has come, is a query's: what an answer would say is not there. */
function isQueryHeader(query: Buffer): boolean {
  const { length } = query;
  // Not an answer, opcode 0, not authoritative, whole; desired recursion is free.
  if (length > 2 && ((query[2] ?? 0) & 0xfe) !== 0) return false;
  // No code of an answer and no reserved bit; authentic data and disabled checking (RFC 4035) are free.
  if (length > 3 && ((query[3] ?? 0) & 0xcf) !== 0) return false;
  return mostRecords.every((most, i) => {
    const count = query[4 + i] ?? most;
    return i < 4 ? count === most : count <= most;
  });
}

/** Where a name ends, that is, what follows it begins. */
function skipName(query: Buffer, start: number, length: number): number | 'more' | 'no' {
  for (let at = start; ;) {
    const size = query[at];
    if (at >= length) return 'no';
    if (size === undefined) return 'more';
    if (size === 0) return at + 1 - start <= 255 ? at + 1 : 'no';
    // Names of records may point to the question's, the only one before them.
    if (size === 0xc0 && start > headerLength) return skipPointer(query, at, length);
    if (size > 63) return 'no';
    const end = at + 1 + size;
    for (let i = at + 1; i < end && i < query.length; i += 1) {
      const character = query[i] ?? 0;
      if (character <= 32 || character >= 127) return 'no';
    }
    at = end;
  }
}

function skipPointer(query: Buffer, at: number, length: number): number | 'more' | 'no' {
  if (at + 2 > length) return 'no';
  const target = query[at + 1];
  return target === undefined ? 'more' : target === headerLength ? at + 2 : 'no';
}

/** Internet, Chaos (for "version.bind"), Hesiod, any; with multicast DNS' bit for an answer by unicast (RFC 6762 5.4). */
function isClass(value: number): boolean {
  return [1, 3, 4, 255, 0x8001].includes(value);
}
