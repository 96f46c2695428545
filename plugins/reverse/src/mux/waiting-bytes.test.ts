import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WaitingBytes } from './waiting-bytes.js';

test('gives what it was given, in order, whatever comes between', () => {
  const step = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 40_000, size: 'max' }), fc.constant('take' as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const waiting = new WaitingBytes();
      const [given, taken]: [Buffer[], Buffer[]] = [[], []];
      for (const each of steps) {
        if (each === 'take') {
          const bytes = waiting.take();
          if (bytes !== undefined) taken.push(bytes);
        } else {
          given.push(Buffer.from(each));
          waiting.add(Buffer.from(each));
        }
        const open = Buffer.concat(given).length - Buffer.concat(taken).length;
        expect(waiting.length).toBe(open);
      }
      for (let bytes = waiting.take(); bytes !== undefined; bytes = waiting.take()) taken.push(bytes);
      expect(Buffer.concat(taken).equals(Buffer.concat(given))).toBe(true);
      expect(waiting.length).toBe(0);
    }),
  );
});

test('a byte at a time costs no buffer each', () => {
  const waiting = new WaitingBytes();
  for (let i = 0; i < 100_000; i += 1) waiting.add(Buffer.of(i & 0xff));
  let pieces = 0;
  for (let bytes = waiting.take(); bytes !== undefined; bytes = waiting.take()) pieces += 1;
  expect(pieces).toBeLessThanOrEqual(100);
});
