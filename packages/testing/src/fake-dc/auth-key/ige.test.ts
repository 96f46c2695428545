import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decryptIge, encryptIge } from './ige.js';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('AES in IGE mode', () => {
  it.each([
    {
      source: "OpenSSL's test, 128 bits",
      key: '000102030405060708090a0b0c0d0e0f',
      iv: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
      plain: '00'.repeat(32),
      sealed: '1a8519a6557be652e9da8e43da4ef4453cf456b4ca488aa383c79c98b34797cb',
    },
    {
      source: 'the one that Telegram clients test with, 256 bits',
      key: '5468697320697320616e20696d706c655468697320697320616e20696d706c65',
      iv: '6d656e746174696f6e206f6620494745206d6f646520666f72204f70656e5353',
      plain: '99706487a1cde613bc6de0b6f24b1c7aa448c8b9c3403e3467a8cad89340f53b',
      sealed: '792ea8ae577b1a66cb3bd92679b8030ca54ee631976bd3a04547fdcb4639fa69',
    },
  ])('gives the known answer: $source', ({ key, iv, plain, sealed }) => {
    expect(encryptIge(hex(key), hex(iv), hex(plain)).toString('hex')).toBe(sealed);
    expect(decryptIge(hex(key), hex(iv), hex(sealed)).toString('hex')).toBe(plain);
  });

  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

  it('gives back what went in', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), fc.array(bytes(16), { maxLength: 20 }), (key, iv, blocks) => {
        const plain = Buffer.concat(blocks);
        expect(decryptIge(key, iv, encryptIge(key, iv, plain))).toEqual(plain);
      }),
    );
  });

  it('spoils everything from a changed block on, and nothing before it', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), bytes(160), fc.nat(9), (key, iv, plain, block) => {
        const sealed = encryptIge(key, iv, plain);
        sealed[block * 16] = (sealed[block * 16] ?? 0) ^ 1;
        const opened = decryptIge(key, iv, sealed);
        for (let at = 0; at < 10; at += 1) {
          const same = opened.subarray(at * 16, at * 16 + 16).equals(plain.subarray(at * 16, at * 16 + 16));
          expect(same).toBe(at < block);
        }
      }),
    );
  });

  it('takes whole blocks only', () => {
    expect(() => encryptIge(Buffer.alloc(32), Buffer.alloc(32), Buffer.alloc(17))).toThrow(/17 bytes/);
  });
});
