import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readName, writeName } from './name.js';

const wire = (...labels: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat([
    ...labels.flatMap((label) => {
      const bytes = Buffer.from(label as string, 'latin1');
      return [Buffer.of(bytes.length), bytes];
    }),
    Buffer.of(0),
  ]);

describe('a name', () => {
  test('is read in lower case, without the dot at the end', () => {
    expect(readName(wire('wWw', 'EXAMPLE', 'org'), 0)).toEqual({ name: 'www.example.org', end: 17 });
    expect(readName(wire(), 0)).toEqual({ name: '', end: 1 });
  });

  test('has only the letters of ASCII in another case', () => {
    expect(readName(wire('\xc0Z'), 0).name).toBe('\xc0z');
  });

  test('does not look like another one for a dot in a label', () => {
    const odd = readName(wire('a.b', 'c'), 0).name;
    expect(odd).not.toBe(readName(wire('a', 'b', 'c'), 0).name);
    expect(odd).not.toBe(readName(wire('a\\046b', 'c'), 0).name);
    expect(writeName(odd)).toEqual(wire('a.b', 'c'));
  });

  test('may point backwards', () => {
    const message = Buffer.concat([wire('example', 'org'), Buffer.from('\x03www'), Buffer.of(0xc0, 0)]);
    expect(readName(message, 13)).toEqual({ name: 'www.example.org', end: 19 });
  });

  test.each<[string, readonly number[]]>([
    ['is cut off', [3, 97, 98]],
    ['has no end', [1, 97]],
    ['points to itself', [0xc0, 0]],
    ['points forward', [0xc0, 3, 0, 0]],
    ['goes in circles', [1, 97, 0xc0, 0]],
    ['points with half a pointer', [0xc0]],
    ['has a label of a kind that is not', [0x40, 0]],
    ['has 64 bytes in a label', [64, ...new Array<number>(64).fill(97), 0]],
  ])('that %s is refused', (_what, bytes) => {
    expect(() => readName(Buffer.from(bytes), 0)).toThrow(expect.objectContaining({ code: 'E_DNS_FAILED' }));
  });

  test('may have 255 bytes, and not one more', () => {
    const label = 'x'.repeat(63);
    const longest = [label, label, label, 'x'.repeat(61)];
    expect(readName(wire(...longest), 0).end).toBe(255);
    expect(writeName(longest.join('.'))).toEqual(wire(...longest));
    const tooLong = [label, label, label, 'x'.repeat(62)];
    expect(() => readName(wire(...tooLong), 0)).toThrow(expect.objectContaining({ code: 'E_DNS_FAILED' }));
    expect(() => writeName(tooLong.join('.'))).toThrow(expect.objectContaining({ code: 'E_ADDRESS_INVALID' }));
  });

  test.each(['a..b', '.a', 'x'.repeat(64), 'ü\u4e2d.example', 'a\\999'])('%s is not written', (name) => {
    expect(() => writeName(name)).toThrow(expect.objectContaining({ code: 'E_ADDRESS_INVALID' }));
  });

  test('is written as it was read', () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(label, { maxLength: 8 }), (labels) => {
        const written = wire(...labels);
        const { name, end } = readName(written, 0);
        expect(end).toBe(written.length);
        expect(readName(writeName(name), 0)).toEqual({ name, end });
      }),
    );
  });

  test('of junk is a name or refused, and ends', () => {
    // Pointers and small labels, so that there is something to follow.
    const byte = fc.oneof(fc.constantFrom(0, 1, 2, 0xc0, 63), fc.nat(255));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 300 }), fc.nat(299), (bytes, start) => {
        const message = Buffer.from(bytes);
        try {
          expect(readName(message, start).end).toBeLessThanOrEqual(message.length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'E_DNS_FAILED' });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
