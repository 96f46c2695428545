import { Buffer } from 'node:buffer';

export const TYPES = { A: 1, NS: 2, MX: 15, TXT: 16, AAAA: 28 } as const;

/** A DNS query. @param size what its EDNS says of the packets that are taken; 0 is without EDNS */
export function query(id: number, name: string, type: keyof typeof TYPES = 'A', size = 0): Buffer {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  const head = [id >> 8, id & 0xff, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, size > 0 ? 1 : 0];
  const opt = size > 0 ? [0, 0, 41, size >> 8, size & 0xff, 0, 0, 0, 0, 0, 0] : [];
  return Buffer.from([...head, ...labels, 0, 0, TYPES[type], 0, 1, ...opt]);
}

/** The query as an answer, and what is to tell it from others. */
export function answerTo(message: Buffer, tail = ''): Buffer {
  const answer = Buffer.concat([message, Buffer.from(tail)]);
  answer[2] = (answer[2] as number) | 0x80;
  return answer;
}

export function framed(...messages: Buffer[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => [Buffer.of(message.length >> 8, message.length & 0xff), message]));
}

export const idOf = (message: Buffer): number => message.readUInt16BE(0);
export const rcodeOf = (message: Buffer): number => (message[3] as number) & 0x0f;
export const isTruncated = (message: Buffer): boolean => ((message[2] as number) & 0x02) !== 0;
