import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Mask } from './codec.js';

const key = Buffer.from('a key of some length');

function through(mask: Mask, pieces: readonly Buffer[]): Buffer {
  const out: Buffer[] = [];
  for (const piece of pieces) mask.write(piece, (bytes) => void out.push(bytes));
  return Buffer.concat(out);
}

it('takes off what it has put on, however the stream is split', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
      const masked = through(new Mask(key), [Buffer.from(bytes)]);
      const pieces = [masked.subarray(0, cut), masked.subarray(cut)];
      expect(through(new Mask(key), pieces).equals(bytes)).toBe(true);
    }),
  );
});
