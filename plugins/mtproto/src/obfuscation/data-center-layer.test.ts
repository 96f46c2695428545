import { Buffer } from 'node:buffer';
import { createHeader, hasForbiddenStart, openHeader as openAsDataCenter } from '@sluice/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openHeader, type ClientLayer } from './client-layer.js';
import { dataCenterHeader } from './data-center-layer.js';

const secret = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

function client(
  tag: 'abridged' | 'intermediate' | 'padded',
  dc: number,
): { layer: ClientLayer; theirs: ReturnType<typeof createHeader> } {
  const theirs = createHeader({ tag, dc, secret });
  const layer = openHeader(theirs.header, { mode: 'plain', key: secret });
  if (layer === undefined) throw new TypeError('not opened');
  return { layer, theirs };
}

describe('the header for a data centre', () => {
  const cases = fc.record({
    tag: fc.constantFrom('abridged' as const, 'intermediate' as const, 'padded' as const),
    dc: fc.integer({ min: -32768, max: 32767 }),
    fast: fc.boolean(),
    payload: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  });

  it('names framing and data centre, never looks like another protocol, and its keys fit', () => {
    fc.assert(
      fc.property(cases, ({ tag, dc, fast, payload }) => {
        const { header, up, down } = dataCenterHeader(client(tag, dc).layer, fast);
        const there = openAsDataCenter(header);
        expect(hasForbiddenStart(header)).toBe(false);
        expect(there.tag).toBe(tag);
        expect(there.dc).toBe(dc);
        expect(there.decrypt(up.update(Buffer.from(payload)))).toEqual(Buffer.from(payload));
        expect(down === undefined).toBe(fast);
        if (down !== undefined) expect(down.update(there.encrypt(payload))).toEqual(Buffer.from(payload));
      }),
    );
  });

  it('has the data centre send in fast mode what the client expects', () => {
    fc.assert(
      fc.property(cases, ({ tag, dc, payload }) => {
        const { layer, theirs } = client(tag, dc);
        const there = openAsDataCenter(dataCenterHeader(layer, true).header);
        expect(theirs.decrypt(there.encrypt(payload))).toEqual(Buffer.from(payload));
      }),
    );
  });

  it('is another one each time', () => {
    const { layer } = client('padded', 2);
    const headers = [true, true, false, false].map((fast) =>
      dataCenterHeader(layer, fast).header.subarray(0, 8).toString('hex'),
    );
    expect(new Set(headers).size).toBe(4);
  });
});
