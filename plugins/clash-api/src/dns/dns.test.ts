import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeAnswer } from './answer.js';
import { encodeQuery } from './query.js';
import { WireReader } from './wire-reader.js';

const withoutId = (query: Buffer | undefined): string | undefined => query?.subarray(2).toString('hex');

describe('a query', () => {
  test.each([
    ['example.org', '076578616d706c65036f726700'],
    ['example.org.', '076578616d706c65036f726700'],
    ['_dmarc.example.org', '065f646d617263076578616d706c65036f726700'],
    ['bücher.example', '0d786e2d2d62636865722d6b7661076578616d706c6500'],
    ['.', '00'],
    ['', '00'],
  ])('for "%s"', (name, encoded) => {
    expect(withoutId(encodeQuery(name, 1))).toBe(`01000001000000000000${encoded}00010001`);
  });

  test('is read back as it was asked', () => {
    const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 8 }), fc.nat(0xffff), (labels, type) => {
        const query = encodeQuery(labels.join('.'), type);
        expect(describeAnswer(query!)).toMatchObject({
          Question: [{ Name: `${labels.join('.')}.`, Qtype: type, Qclass: 1 }],
        });
      }),
    );
  });
});

/** An answer of one record to a question for "a.b". */
function answer(type: number, data: string): Buffer {
  const head = Buffer.from('000081800001000100000000' + '01610162000001' + '0001' + 'c00c', 'hex');
  const rest = Buffer.alloc(10);
  rest.writeUInt16BE(type, 0);
  rest.writeUInt16BE(1, 2);
  rest.writeUInt32BE(300, 4);
  rest.writeUInt16BE(data.length / 2, 8);
  return Buffer.concat([head, rest, Buffer.from(data, 'hex')]);
}

describe('an answer', () => {
  test.each([
    ['A', 1, 'c0000201', '192.0.2.1'],
    ['AAAA', 28, '20010db8000000000000000000000001', '2001:db8::1'],
    ['CNAME', 5, '0163c00c', 'c.a.b.'],
    ['NS', 2, 'c00e', 'b.'],
    ['PTR', 12, '00', '.'],
    ['MX', 15, '000ac00c', '10 a.b.'],
    ['SRV', 33, '00010002001501630161 00'.replace(' ', ''), '1 2 21 c.a.'],
    ['TXT', 16, '0378207904613b2262', '"x\\032y" "a;\\"b"'],
    ['SOA', 6, 'c00cc00e0000000100000002000000030000000400000005', 'a.b. b. 1 2 3 4 5'],
    ['HTTPS', 65, '000100', '\\# 3 000100'],
    ['an A that is none', 1, 'c00002', '\\# 3 c00002'],
    ['an empty one', 99, '', '\\# 0'],
  ])('%s', (_name, type, data, text) => {
    expect(describeAnswer(answer(type, data))).toMatchObject({
      Status: 0,
      Answer: [{ name: 'a.b.', type, TTL: 300, data: text }],
    });
  });

  test('cut off anywhere is broken', () => {
    const whole = answer(15, '000ac00c');
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => describeAnswer(whole.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'E_PROTOCOL' }) as Error,
      );
    }
  });

  test('leaves EDNS out, and shows flags', () => {
    const message = answer(41, '');
    message.writeUInt16BE(0x8733, 2);
    expect(describeAnswer(message)).toEqual({
      Status: 3,
      Question: [{ Name: 'a.b.', Qtype: 1, Qclass: 1 }],
      Server: 'internal',
      TC: true,
      RD: true,
      RA: false,
      AD: true,
      CD: true,
    });
  });

  test('of any bytes is either read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          describeAnswer(Buffer.from(bytes));
        } catch (error) {
          expect(error).toHaveProperty('code', 'E_PROTOCOL');
        }
      }),
    );
  });
});

test.each([
  ['to itself', 'c000'],
  ['forwards', 'c00400000161'],
  ['in a circle', '0161c000'],
  ['beyond the end', 'cfff'],
])('a name that points %s is broken', (_where, hex) => {
  expect(() => new WireReader(Buffer.from(hex, 'hex')).name()).toThrow(
    expect.objectContaining({ code: 'E_PROTOCOL' }) as Error,
  );
});
