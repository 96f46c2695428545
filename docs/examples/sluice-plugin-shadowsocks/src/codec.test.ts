import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Opener, Sealer, TAG } from './aead.js';
import { AnswerDecoder } from './answer-decoder.js';
import { ChunkDecoder, ChunkEncoder, LENGTH_BOX, MAX_PAYLOAD } from './codec.js';
import { methods, Secret, type MethodName } from './method.js';
import { SaltFilter } from './salt-filter.js';
import { through } from './wire.fixture.js';

const names = Object.keys(methods) as MethodName[];
const secret = new Secret('chacha20-ietf-poly1305', 'a password');
const answers = (): AnswerDecoder => new AnswerDecoder(secret, new SaltFilter());
const sealed = (payload: Buffer): Buffer => through(new ChunkEncoder(secret, secret.newSalt()), payload);

describe.each(names)('%s', (name) => {
  const own = new Secret(name, 'a password');

  it('opens what it has sealed, box after box, and nothing that was changed', () => {
    const salt = own.newSalt();
    expect(salt).toHaveLength(own.method.keyLength);
    const sealer = new Sealer(own, salt);
    const opener = new Opener(own, salt);
    // Beyond 256, where the counter's second byte begins.
    for (let i = 0; i < 300; i += 1) {
      const plain = randomBytes(i);
      const box = Buffer.alloc(i + TAG);
      expect(sealer.seal(plain, box, 0)).toBe(box.length);
      const changed = Buffer.from(box);
      changed[i % box.length]! ^= 1 << (i % 8);
      expect(opener.open(changed)).toBeUndefined();
      expect(opener.open(box)).toEqual(plain);
    }
  });

  it('brings a stream through', () => {
    const bytes = randomBytes(3 * MAX_PAYLOAD);
    const stream = through(new ChunkEncoder(own, own.newSalt()), bytes);
    expect(through(new AnswerDecoder(own, new SaltFilter()), stream).equals(bytes)).toBe(true);
  });
});

describe('a key', () => {
  it('is made of the password as OpenSSL does', () => {
    // One round of MD5 for 16 bytes: the subkey is that of md5("test").
    const salt = Buffer.alloc(16);
    const box = Buffer.alloc(2 + TAG);
    new Sealer(new Secret('aes-128-gcm', 'test'), salt).seal(Buffer.from('hi'), box, 0);
    expect(new Opener(new Secret('aead_aes_128_gcm', 'test'), salt).open(box)).toEqual(Buffer.from('hi'));
    expect(new Opener(new Secret('aes-128-gcm', 'Test'), salt).open(box)).toBeUndefined();
    expect(Buffer.from(new Secret('aes-128-gcm', 'test').subkey(salt)).toString('hex')).toBe(SUBKEY_16);
    expect(Buffer.from(new Secret('aes-256-gcm', 'test').subkey(Buffer.alloc(32))).toString('hex')).toBe(SUBKEY_32);
  });
});

// hashlib and hmac of Python: HKDF-SHA1 of EVP_BytesToKey(md5, "test") with salts of zeros and "ss-subkey".
const SUBKEY_16 = '288fb9cb6d6cec0ec5cffec336ee4e6c';
const SUBKEY_32 = '3dfce5bd158bf734ee94bf58448438d2b9916e70e69cb3a3af2716e38b212d59';

describe('ChunkEncoder', () => {
  it('sends the salt with the first bytes, and chunks of at most 16383 bytes', () => {
    const encoder = new ChunkEncoder(secret, Buffer.alloc(32, 7));
    expect(through(encoder, Buffer.alloc(0))).toHaveLength(0);
    const first = through(encoder, Buffer.alloc(MAX_PAYLOAD + 1));
    expect(first.subarray(0, 32)).toEqual(Buffer.alloc(32, 7));
    expect(first).toHaveLength(32 + MAX_PAYLOAD + 1 + 2 * (LENGTH_BOX + TAG));
    const second = through(encoder, Buffer.from('x'));
    expect(second).toHaveLength(1 + LENGTH_BOX + TAG);
  });

  it('does not change memory that somebody keeps', () => {
    const encoder = new ChunkEncoder(secret, secret.newSalt());
    const kept: Buffer[] = [];
    const bytes = randomBytes(300_000);
    for (let at = 0; at < bytes.length; at += 50_000)
      encoder.write(bytes.subarray(at, at + 50_000), (out) => void kept.push(out));
    expect(through(answers(), Buffer.concat(kept)).equals(bytes)).toBe(true);
  });
});

describe('the decoders', () => {
  it('bring out the payload, however the stream is split in two, and byte by byte', () => {
    const payload = randomBytes(40);
    const encoder = new ChunkEncoder(secret, secret.newSalt());
    const stream = Buffer.concat([
      through(encoder, payload),
      through(encoder, payload),
      through(encoder, Buffer.from('.')),
    ]);
    const expected = Buffer.concat([payload, payload, Buffer.from('.')]);
    for (let at = 0; at <= stream.length; at += 1) {
      const decoder = answers();
      const out = [through(decoder, stream.subarray(0, at)), through(decoder, stream.subarray(at))];
      expect(Buffer.concat(out).equals(expected), `${at}`).toBe(true);
      decoder.end();
      expect(decoder.pendingBytes).toBe(0);
    }
    const decoder = answers();
    expect(Buffer.concat(Array.from(stream, (_, i) => through(decoder, stream.subarray(i, i + 1))))).toEqual(expected);
  });

  it('bring out any payload in any pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 5 }),
        fc.array(fc.nat(200_000), { maxLength: 10 }),
        (sizes, cuts) => {
          const encoder = new ChunkEncoder(secret, secret.newSalt());
          const parts = sizes.map((size) => randomBytes(size));
          const stream = Buffer.concat(parts.map((part) => through(encoder, part)));
          const ends = [...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
          const decoder = answers();
          const out = ends.map((end, i) => through(decoder, stream.subarray(ends[i - 1] ?? 0, end)));
          decoder.end();
          expect(Buffer.concat(out).equals(Buffer.concat(parts))).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('say of every beginning but that between chunks that it is cut off', () => {
    const stream = sealed(Buffer.from('payload'));
    for (let at = 1; at < stream.length; at += 1) {
      const decoder = answers();
      through(decoder, stream.subarray(0, at));
      if (at === 32) expect(() => decoder.end()).not.toThrow();
      else expect(() => decoder.end(), `${at}`).toThrow(expect.objectContaining({ code: 'E_PROTOCOL' }));
    }
    expect(() => answers().end()).not.toThrow();
  });

  it('emit nothing of a stream from its first changed byte on', () => {
    const payload = Buffer.from('payload');
    const stream = sealed(payload);
    for (let at = 0; at < stream.length; at += 1) {
      const changed = Buffer.from(stream);
      changed[at]! ^= 0x10;
      const out: Buffer[] = [];
      expect(() => answers().write(changed, (bytes) => void out.push(bytes)), `${at}`).toThrow(
        expect.objectContaining({ code: 'E_PROTOCOL' }),
      );
      expect(out).toEqual([]);
    }
  });

  it('refuse chunks that are too long', () => {
    const salt = secret.newSalt();
    const box = Buffer.alloc(LENGTH_BOX);
    new Sealer(secret, salt).seal(Buffer.from([0x40, 0x00]), box, 0);
    const decoder = new ChunkDecoder(new Opener(secret, salt));
    expect(() => through(decoder, box)).toThrow(/longer than 16383/);
  });

  it('refuse an answer that was given before', () => {
    const seen = new SaltFilter();
    const stream = sealed(Buffer.from('yes'));
    expect(through(new AnswerDecoder(secret, seen), stream)).toEqual(Buffer.from('yes'));
    expect(() => through(new AnswerDecoder(secret, seen), stream)).toThrow(/replay/);
  });

  it('give no other fault than E_PROTOCOL for any bytes, and hold no more than a chunk', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const decoder = answers();
        try {
          through(decoder, Buffer.from(bytes));
        } catch (error) {
          expect(error).toMatchObject({ code: 'E_PROTOCOL' });
        }
        expect(decoder.pendingBytes).toBeLessThan(MAX_PAYLOAD + TAG);
      }),
    );
  });
});

describe('SaltFilter', () => {
  it('knows at least the newest so many, and never more than twice as many', () => {
    const filter = new SaltFilter(10);
    const salts = Array.from({ length: 100 }, () => randomBytes(16));
    salts.forEach((salt, i) => {
      expect(filter.add(salt)).toBe(true);
      for (const recent of salts.slice(Math.max(0, i - 9), i + 1)) expect(filter.add(recent)).toBe(false);
    });
    expect(filter.add(salts[0]!)).toBe(true);
  });
});
