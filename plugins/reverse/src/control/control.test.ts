import { Buffer } from 'node:buffer';
import { destination } from '@sluice/plugin-api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { controlTarget, decodeControl, encodeControl, isControl } from './control.js';

test.each(['active', 'drain'] as const)('%s comes out as it went in', (state) => {
  for (let i = 0; i < 100; i += 1) {
    const message = encodeControl(state);
    expect(decodeControl(message)).toBe(state);
    expect(message.length).toBeLessThanOrEqual(2 + 3 + 64);
  }
});

test.each([
  ['', 'active'],
  ['0800', 'active'],
  ['0801', 'drain'],
  ['9a0602ffff', 'active'],
  ['0801 9a0602ffff', 'drain'],
  ['9a0602ffff 0801', 'drain'],
  // Fields that are not known: a varint, 64 bits, 32 bits, bytes.
  ['10ff01 190102030405060708 2501020304 320161 0801', 'drain'],
  ['0802', 'active'],
])('"%s" says %s', (hex, state) => {
  expect(decodeControl(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toBe(state);
});

test.each(['08', '9a06', '9a0602ff', '9a06ffffffff0f', '0b', '08ffffffffffffffffffffff', '19010203'])(
  '"%s" says nothing',
  (hex) => expect(decodeControl(Buffer.from(hex, 'hex'))).toBeUndefined(),
);

test('whatever comes is read without a fault', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect([undefined, 'active', 'drain']).toContain(decodeControl(Buffer.from(bytes)));
    }),
  );
});

test('both names of the stream are known', () => {
  expect(isControl(controlTarget)).toBe(true);
  expect(isControl(destination('udp', 'reverse.internal.v2fly.org', 0))).toBe(true);
  expect(isControl(destination('udp', 'internal.v2fly.org', 0))).toBe(false);
});
