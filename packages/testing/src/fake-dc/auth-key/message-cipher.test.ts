import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyIdOf, openMessage, sealMessage, type Message, type Writer } from './message-cipher.js';

const authKey = Buffer.from(Array.from({ length: 256 }, (_, index) => (index * 7 + 3) % 256));
const writer = fc.constantFrom<Writer>('client', 'server');
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const message: fc.Arbitrary<Message> = fc.record({
  salt: u64,
  session: u64,
  id: u64,
  sequence: fc.nat(0x7fff_ffff),
  body: fc
    .array(fc.nat(255), { minLength: 4, maxLength: 400 })
    .map((bytes) => Buffer.from(bytes.slice(0, bytes.length & ~3))),
});

describe('an encrypted message', () => {
  it('gives back what went in', () => {
    fc.assert(
      fc.property(writer, message, (by, sent) => {
        const sealed = sealMessage(authKey, by, sent);
        expect((sealed.length - 24) % 16).toBe(0);
        expect(openMessage(authKey, by, sealed)).toEqual(sent);
      }),
    );
  });

  it('is none after any bit of it has changed', () => {
    fc.assert(
      fc.property(writer, message, fc.nat(), (by, sent, at) => {
        const sealed = sealMessage(authKey, by, sent);
        const bit = at % (sealed.length * 8);
        sealed[bit >> 3] = (sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => openMessage(authKey, by, sealed)).toThrow(/key/);
      }),
    );
  });

  const one: Message = { salt: 1n, session: 2n, id: 4n, sequence: 1, body: Buffer.from('12345678') };

  it('is not taken from the wrong side, as if reflected', () => {
    expect(() => openMessage(authKey, 'client', sealMessage(authKey, 'server', one))).toThrow(/message key/);
  });

  it.each([
    [8, true],
    [24, false],
    [1016, false],
    [1032, true],
  ])('with %i bytes of padding is refused: %s', (padding, refused) => {
    const open = () => openMessage(authKey, 'client', sealMessage(authKey, 'client', one, Buffer.alloc(padding)));
    if (refused) expect(open).toThrow(/padding/);
    else expect(open()).toEqual(one);
  });

  it('names its key by the end of its SHA-1', () => {
    // SHA-1 of 256 zeros: b376885ac8452b6cbf9ced81b1080bfd570d9b91, its last eight bytes little-endian.
    expect(keyIdOf(Buffer.alloc(256))).toBe(0x919b_0d57_fd0b_08b1n);
  });
});
