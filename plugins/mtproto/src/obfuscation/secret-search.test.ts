import { Buffer } from 'node:buffer';
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { createHeader } from '@sluice/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aes256ThirdWord } from './aes256-word.js';
import { SecretSearch } from './secret-search.js';
import { seedSha256, sha256WithSeed } from './sha256-block.js';

const bytes = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));

function wordsOf(buffer: Buffer): Int32Array {
  return Int32Array.from({ length: buffer.length / 4 }, (_, i) => buffer.readInt32BE(i * 4));
}

describe('SHA-256 of a seed and a secret', () => {
  it('is what OpenSSL says, for several secrets under one seed', () => {
    fc.assert(
      fc.property(bytes(32), fc.array(bytes(16), { minLength: 1, maxLength: 4 }), (seed, secrets) => {
        const digest = new Int32Array(8);
        seedSha256(seed);
        for (const secret of secrets) {
          sha256WithSeed(wordsOf(secret), 0, digest);
          expect(digest).toEqual(wordsOf(createHash('sha256').update(seed).update(secret).digest()));
        }
      }),
    );
  });
});

describe('the third word of an AES-256 block', () => {
  it('is that of FIPS 197, appendix C.3', () => {
    const key = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex');
    const block = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
    expect(aes256ThirdWord(wordsOf(key), wordsOf(block)) >>> 0).toBe(0xeafc4990);
  });

  it('is what OpenSSL says', () => {
    fc.assert(
      fc.property(bytes(32), bytes(16), (key, block) => {
        const sealed = createCipheriv('aes-256-ecb', key, null).update(block);
        expect(aes256ThirdWord(wordsOf(key), wordsOf(block))).toBe(sealed.readInt32BE(8));
      }),
    );
  });
});

describe('SecretSearch', () => {
  const tags = ['abridged', 'intermediate', 'padded'] as const;

  it('finds the secret of a header, wherever it stands', () => {
    const setting = fc.record({
      secrets: fc.uniqueArray(bytes(16), { minLength: 1, maxLength: 20, selector: (secret) => secret.toString('hex') }),
      pick: fc.nat(),
      tag: fc.constantFrom(...tags),
      noise: bytes(64),
    });
    fc.assert(
      fc.property(setting, ({ secrets, pick, tag, noise }) => {
        const index = pick % secrets.length;
        const { header } = createHeader({ tag, dc: 2, noise, secret: secrets[index] ?? Buffer.alloc(16) });
        const search = new SecretSearch(secrets);
        expect(search.find(header)).toBe(index);
        expect(search.find(header, index + 1)).toBe(-1);
      }),
    );
  });

  it.each([
    'ffffffffffffffffffffffffffffffff',
    '00000000fffffffffffffffffffffffd',
    '0000000000000000fffffffffffffffe',
    '000000000000000000000000fffffffd',
  ])('carries in the counter of IV %s', (iv) => {
    const secret = Buffer.alloc(16, 5);
    const noise = Buffer.alloc(64, 1);
    Buffer.from(iv, 'hex').copy(noise, 40);
    for (const tag of tags)
      expect(new SecretSearch([secret]).find(createHeader({ tag, dc: 2, noise, secret }).header)).toBe(0);
  });

  it('goes through many in steps, and finds the same', () => {
    const secrets = Array.from({ length: 40_000 }, () => randomBytes(16));
    const search = new SecretSearch(secrets);
    const finish = (secret: Buffer): [found: number | undefined, steps: number] => {
      const run = search.start(createHeader({ tag: 'padded', dc: 2, secret }).header);
      let steps = 1;
      while (!run.step()) steps += 1;
      return [run.found, steps];
    };
    const [stranger, steps] = finish(randomBytes(16));
    expect(stranger).toBeUndefined();
    // Each secret costs a compression of SHA-256 and an AES block: 40,000 are more than a millisecond anywhere.
    expect(steps).toBeGreaterThan(1);
    for (const index of [0, 255, 256, 20_000, 39_999]) expect(finish(secrets[index]!)[0]).toBe(index);
  });

  it('finds what was put in later, and not what was taken out', () => {
    const secrets = Array.from({ length: 100 }, () => randomBytes(16));
    const search = new SecretSearch();
    const found = (secret: Buffer): number => search.find(createHeader({ tag: 'padded', dc: 2, secret }).header);
    expect(found(secrets[0]!)).toBe(-1);
    for (const [index, secret] of secrets.entries()) search.set(index, secret);
    expect(secrets.map(found)).toEqual([...secrets.keys()]);
    for (const index of [0, 50, 99]) search.clear(index);
    expect([0, 50, 99, 51].map((index) => found(secrets[index]!))).toEqual([-1, -1, -1, 51]);
    // An empty place is not that of a secret of zeros.
    expect(found(Buffer.alloc(16))).toBe(-1);
    search.set(50, secrets[0]!);
    expect([found(secrets[0]!), found(secrets[50]!)]).toEqual([50, -1]);
  });
});
