import { Buffer } from 'node:buffer';
import { writeName } from './name.js';

export interface TestRecord {
  /** Default: a pointer to the question's name. */
  readonly name?: string;
  readonly type: number;
  readonly class?: number;
  readonly ttl?: number;
  readonly data: Buffer;
}

export interface TestReply {
  readonly rcode?: number;
  readonly isTruncated?: boolean;
  readonly answers?: readonly TestRecord[];
  readonly authorities?: readonly TestRecord[];
}

export const ip4 = (...bytes: readonly number[]): Buffer => Buffer.from(bytes);

/** A start of authority whose last number is the minimum. */
export function soa(minimum: number): Buffer {
  const numbers = Buffer.alloc(20);
  numbers.writeUInt32BE(minimum, 16);
  return Buffer.concat([writeName('ns.example'), writeName('admin.example'), numbers]);
}

/** What a server says to a query, put together by hand: independent of what the program itself writes. */
export function reply(query: Buffer, { rcode = 0, isTruncated = false, answers = [], authorities = [] }: TestReply) {
  let end = 12;
  while ((query[end] ?? 0) !== 0) end += 1 + (query[end] ?? 0);
  const head = Buffer.from(query.subarray(0, end + 5));
  head[2] = 0x81 | (isTruncated ? 0x02 : 0);
  head[3] = 0x80 | rcode;
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(answers.length, 6);
  head.writeUInt16BE(authorities.length, 8);
  head.writeUInt16BE(0, 10);
  return Buffer.concat([head, ...[...answers, ...authorities].map(record)]);
}

function record({ name, type, class: of = 1, ttl = 60, data }: TestRecord): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(of, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([name === undefined ? Buffer.of(0xc0, 12) : writeName(name), fixed, data]);
}
