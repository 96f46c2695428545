import { Buffer } from 'node:buffer';
import { hasForbiddenStart as forbiddenByPeer } from '@sluice/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillNoise, hasForbiddenStart } from './header.js';

describe('the start of a header', () => {
  const start = (first: string, second = '01020304'): Buffer => Buffer.from(first + second, 'hex');

  it.each([
    ['HEAD', start('48454144')],
    ['POST', start('504f5354')],
    ['GET', start('47455420')],
    ['OPTI(ONS)', start('4f505449')],
    ['a TLS record', start('16030102')],
    ['the bare intermediate framing', start('eeeeeeee')],
    ['the bare padded framing', start('dddddddd')],
    ['the bare abridged framing', start('ef010203')],
    ['a bare TCP framing', start('01020304', '00000000')],
  ])('is forbidden to look like %s', (_, bytes) => {
    expect(hasForbiddenStart(bytes)).toBe(true);
  });

  it('is free otherwise, as a peer sees it too', () => {
    const word = fc.oneof(
      fc.constantFrom(
        '48454144',
        '47455420',
        '16030102',
        '16030101',
        'eeeeeeee',
        'efeeeeee',
        'dddddddd',
        'ddddddde',
        '00000000',
      ),
      fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes).toString('hex')),
    );
    fc.assert(
      fc.property(word, word, (first, second) => {
        const bytes = start(first, second);
        expect(hasForbiddenStart(bytes)).toBe(forbiddenByPeer(bytes));
      }),
    );
  });

  it('leaves what lies behind the noise alone', () => {
    const header = Buffer.alloc(64, 9);
    fillNoise(header, 8);
    expect(header.subarray(8)).toEqual(Buffer.alloc(56, 9));
    expect(hasForbiddenStart(header)).toBe(false);
  });
});
