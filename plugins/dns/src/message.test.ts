import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failure, packetLimit, readQuery, truncated } from './message.js';
import { answerTo, query, TYPES } from './messages.fixture.js';

describe('a message', () => {
  it.each(Object.keys(TYPES) as (keyof typeof TYPES)[])('that asks for %s', (type) => {
    const message = query(7, 'a.example', type);
    expect(readQuery(message)).toMatchObject({
      id: 7,
      isForAddresses: type === 'A' || type === 'AAAA',
      end: message.length,
    });
  });

  it('of another class, another operation, or with several questions is not for addresses', () => {
    const changed = (at: number, value: number): Buffer => {
      const message = query(7, 'a.example');
      message[at] = value;
      return message;
    };
    expect(readQuery(changed(query(7, 'a.example').length - 1, 3))?.isForAddresses).toBe(false);
    expect(readQuery(changed(2, 0x28))?.isForAddresses).toBe(false);
    expect(readQuery(changed(5, 2))?.isForAddresses).toBe(false);
  });

  it('that is an answer, or is cut off, is no query', () => {
    expect(readQuery(answerTo(query(7, 'a.example')))).toBeUndefined();
    const message = query(7, 'a.example');
    for (let length = 0; length < message.length; length += 1)
      expect(readQuery(message.subarray(0, length))).toBeUndefined();
  });

  it('of junk is read without harm, and what is made of it fits', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const asked = readQuery(Buffer.from(bytes));
        if (asked === undefined) return;
        expect(packetLimit(asked)).toBeGreaterThanOrEqual(512);
        for (const answer of [failure(asked), truncated(asked, failure(asked))]) {
          expect(answer.length).toBeLessThanOrEqual(bytes.length);
          expect(answer.readUInt16BE(0)).toBe(asked.id);
          expect(answer[2]! & 0x80).toBe(0x80);
        }
      }),
    );
  });
});

it('says how long an answer may be', () => {
  const limitOf = (message: Buffer): number => packetLimit(readQuery(message)!);
  expect(limitOf(query(1, 'a.example'))).toBe(512);
  expect(limitOf(query(1, 'a.example', 'A', 1232))).toBe(1232);
  expect(limitOf(query(1, 'a.example', 'A', 100))).toBe(512);
  expect(limitOf(query(1, 'a.example', 'A', 65_535))).toBe(4096);
});

it('makes answers that stand for others', () => {
  const asked = readQuery(query(5, 'a.example', 'A', 1232))!;
  const failed = failure(asked);
  expect([...failed.subarray(0, 12)]).toEqual([0, 5, 0x81, 0x82, 0, 1, 0, 0, 0, 0, 0, 0]);
  expect(failed.subarray(12)).toEqual(query(5, 'a.example').subarray(12));
  const answer = answerTo(query(5, 'a.example'), 'x'.repeat(600));
  answer[3] = 0x83;
  expect([...truncated(asked, answer).subarray(0, 12)]).toEqual([0, 5, 0x83, 0x83, 0, 1, 0, 0, 0, 0, 0, 0]);
});
