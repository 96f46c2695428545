import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHeader, hasForbiddenStart, openHeader, type TransportTag } from './obfuscation.js';

const noise = Buffer.from(Array.from({ length: 64 }, (_, index) => index + 1));
const secret = Buffer.from('b0cbcef5a486d9636472ac27f8e11a9d', 'hex');
const tags = ['abridged', 'intermediate', 'padded'] as const;

describe('obfuscated2 header', () => {
  // Vectors from OpenSSL: `openssl enc -aes-256-ctr` with the key and IV cut out of the noise by hand (SHA-256 of key and
  // secret where there is one), over 56 bytes of noise, the tag, the dc and two bytes of noise.
  it.each([
    { to: 'a data centre', key: undefined, tail: '33bd94840d044e3a', payload: 'ad613446f22b8afd' },
    { to: 'a proxy', key: secret, tail: 'fcf6e64cb247dfd5', payload: '0cdd34a99c74a4ae' },
  ])('towards $to is what OpenSSL computes', ({ key, tail, payload }) => {
    const created = createHeader({ tag: 'intermediate', dc: -2, noise, ...(key === undefined ? {} : { secret: key }) });
    expect(created.header.subarray(0, 56)).toEqual(noise.subarray(0, 56));
    expect(created.header.subarray(56).toString('hex')).toBe(tail);
    expect(created.encrypt(Buffer.from('payload!')).toString('hex')).toBe(payload);
  });

  it('carries tag, dc and both directions from one end to the other', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<TransportTag>(...tags),
        fc.integer({ min: -32_768, max: 32_767 }),
        fc.option(fc.uint8Array({ minLength: 16, maxLength: 16 }), { nil: undefined }),
        fc.uint8Array(),
        fc.uint8Array(),
        (tag, dc, key, up, down) => {
          const client = createHeader({ tag, dc, ...(key === undefined ? {} : { secret: key }) });
          const server = openHeader(client.header, key);
          expect(hasForbiddenStart(client.header)).toBe(false);
          expect({ tag: server.tag, dc: server.dc }).toEqual({ tag, dc });
          expect(server.decrypt(client.encrypt(up))).toEqual(Buffer.from(up));
          expect(client.decrypt(server.encrypt(down))).toEqual(Buffer.from(down));
        },
      ),
    );
  });

  it('names no framing when the secret is another', () => {
    const { header } = createHeader({ tag: 'padded', dc: 2, secret, noise });
    expect(openHeader(header, Buffer.alloc(16)).tag).toBeUndefined();
    expect(openHeader(header).tag).toBeUndefined();
  });

  it.each([
    'ef',
    '48454144',
    '504f5354',
    '47455420',
    '4f505449',
    'dddddddd',
    'eeeeeeee',
    '16030102',
    '0102030400000000',
  ])('may not start with %s', (start) => {
    const header = Buffer.alloc(64, 0x5a);
    expect(hasForbiddenStart(header)).toBe(false);
    Buffer.from(start, 'hex').copy(header);
    expect(hasForbiddenStart(header)).toBe(true);
  });
});
