import { Buffer } from 'node:buffer';
import { encodeRecords, RecordReader, patternBytes } from '@sluice/testing';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RecordDecoder } from './record-decoder.js';
import { RecordEncoder } from './record-encoder.js';

const changeCipherSpec = Buffer.from('140303000101', 'hex');
const goodbye = Buffer.from('15030300020100', 'hex');

/** In memory of its own, as a decoder may change it. Notes what it emits for each chunk. */
function decode(decoder: RecordDecoder, chunks: readonly Buffer[]): Buffer[][] {
  return chunks.map((chunk) => {
    const emitted: Buffer[] = [];
    const own = Buffer.from(chunk);
    decoder.write(own, (bytes) => {
      expect(bytes.buffer).toBe(own.buffer);
      emitted.push(Buffer.from(bytes));
    });
    return emitted;
  });
}

function decodeAll(chunks: readonly Buffer[]): Buffer {
  const decoder = new RecordDecoder();
  const out = decode(decoder, chunks);
  decoder.end();
  for (const emitted of out) expect(emitted.length).toBeLessThanOrEqual(1);
  return Buffer.concat(out.flat());
}

function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set(cuts.map((at) => at % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

describe('RecordDecoder', () => {
  const payload = patternBytes(300);
  const stream = Buffer.concat([
    changeCipherSpec,
    encodeRecords(payload, 100),
    changeCipherSpec,
    encodeRecords(payload, 7),
  ]);

  it('takes the payload out, however the stream is split in two, and byte by byte', () => {
    const expected = Buffer.concat([payload, payload]);
    for (let at = 0; at <= stream.length; at += 1) {
      expect(decodeAll([stream.subarray(0, at), stream.subarray(at)])).toEqual(expected);
    }
    expect(decodeAll(Array.from(stream, (_, i) => stream.subarray(i, i + 1)))).toEqual(expected);
  });

  it('takes the payload out of any records in any pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 8 }),
        fc.array(fc.nat(200_000), { maxLength: 12 }),
        (sizes, cuts) => {
          const parts = sizes.map((size, i) => patternBytes(size).map((byte) => byte + i)) as Buffer[];
          const bytes = Buffer.concat([changeCipherSpec, ...parts.map((part) => encodeRecords(part, 16_384 + 256))]);
          expect(decodeAll(pieces(bytes, cuts)).equals(Buffer.concat(parts))).toBe(true);
        },
      ),
    );
  });

  it('emits nothing for what carries nothing', () => {
    expect(decode(new RecordDecoder(), [changeCipherSpec, Buffer.from('1703', 'hex'), goodbye.subarray(0, 0)])).toEqual(
      [[], [], []],
    );
  });

  it.each([
    ['another type', '1603030001'],
    ['a heartbeat', '1803030001'],
    ['another version', '1703010001'],
    ['a byte of another version', '1704030001'],
    ['an empty record', '1703030000'],
    ['a record that is too long', '1703034101'],
    ['a ChangeCipherSpec of two bytes', '1403030002'],
    ['an empty ChangeCipherSpec', '1403030000'],
    ['a ChangeCipherSpec with another value', '140303000102'],
    ['an alert that is too long', '1503034101'],
    ['an empty alert', '1503030000'],
    ['anything behind an alert', `${goodbye.toString('hex')}1703030001`],
    ['two alerts', `${goodbye.toString('hex')}1503030002`],
    ['plain text', Buffer.from('GET / HTTP/1.1\r\n').toString('hex')],
  ])('refuses %s, with the byte that shows it', (_, hex) => {
    const bytes = Buffer.from(hex, 'hex');
    const start = encodeRecords(payload, 100);
    const refused = expect.objectContaining({ code: 'E_PROTOCOL' }) as unknown;
    for (const prefix of [Buffer.alloc(0), start]) {
      const whole = Buffer.concat([prefix, bytes]);
      let refusedAt = 0;
      const decoder = new RecordDecoder();
      try {
        for (; refusedAt < whole.length; refusedAt += 1) decoder.write(Buffer.of(whole[refusedAt]!), () => true);
      } catch (error) {
        expect(error).toEqual(refused);
      }
      const shown = hex.startsWith('47') ? prefix.length + 4 : whole.length - 1;
      expect(refusedAt).toBe(shown);
      expect(() => decode(new RecordDecoder(), [whole])).toThrow(refused);
    }
  });

  it('takes the longest record, and eight ChangeCipherSpecs but no ninth', () => {
    expect(decodeAll([encodeRecords(patternBytes(16_640), 16_640)]).length).toBe(16_640);
    const eight = Array.from({ length: 8 }, () => changeCipherSpec);
    expect(decodeAll([...eight, encodeRecords(payload)])).toEqual(payload);
    expect(() => decodeAll([...eight, changeCipherSpec])).toThrow(
      expect.objectContaining({ code: 'E_PROTOCOL' }) as Error,
    );
  });

  it('ends with an alert, in order', () => {
    expect(decodeAll([encodeRecords(payload), goodbye])).toEqual(payload);
  });

  it('says when the stream is cut off within a record', () => {
    const one = encodeRecords(payload);
    for (let end = 0; end <= one.length; end += 1) {
      const decoder = new RecordDecoder();
      decode(decoder, [one.subarray(0, end)]);
      if (end === 0 || end === one.length) decoder.end();
      else expect(() => decoder.end()).toThrow(expect.objectContaining({ code: 'E_PROTOCOL' }) as Error);
    }
  });

  it('throws nothing but E_PROTOCOL, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(stream.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }),
        fc.nat(600),
        (changes, cut) => {
          const bytes = Buffer.from(stream);
          for (const [at, byte] of changes) bytes[at] = byte;
          try {
            decodeAll([bytes.subarray(0, cut), bytes.subarray(cut)]);
          } catch (error) {
            expect(error).toMatchObject({ code: 'E_PROTOCOL' });
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('RecordEncoder', () => {
  afterEach(() => void vi.useRealTimers());

  function encode(encoder: RecordEncoder, chunk: Buffer): Buffer {
    const out: Buffer[] = [];
    encoder.write(chunk, (bytes) => {
      out.push(Buffer.from(bytes));
      return true;
    });
    return Buffer.concat(out);
  }

  it('is read back by a client, whatever the chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(3_000), fc.nat(200_000), fc.nat(1_500_000)), { maxLength: 6 }), (sizes) => {
        const encoder = new RecordEncoder();
        const reader = new RecordReader();
        const plain = sizes.map((size) => patternBytes(size));
        const read = plain.map((chunk) => reader.push(encode(encoder, chunk)));
        expect(Buffer.concat(read).equals(Buffer.concat(plain))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('is read back by the decoder, at every split', () => {
    const plain = patternBytes(3_000);
    const encoded = encode(new RecordEncoder(), plain);
    for (let at = 0; at <= encoded.length; at += 1) {
      expect(decodeAll([encoded.subarray(0, at), encoded.subarray(at)]).equals(plain)).toBe(true);
    }
  });

  it('leaves the chunk as it was, and emits it in one piece', () => {
    const chunk = patternBytes(512 * 1024);
    const before = Buffer.from(chunk);
    const emit = vi.fn(() => true);
    new RecordEncoder().write(chunk, emit);
    expect(chunk.equals(before)).toBe(true);
    expect(emit).toHaveBeenCalledTimes(1);
  });

  it('emits nothing for nothing', () => {
    const emit = vi.fn(() => true);
    new RecordEncoder().write(Buffer.alloc(0), emit);
    expect(emit).not.toHaveBeenCalled();
  });

  it('begins with records that fit into a packet, goes on to the largest, and begins anew after a pause', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const encoder = new RecordEncoder();
    const lengths = (chunk: Buffer): number[] => {
      const reader = new RecordReader();
      reader.push(encode(encoder, chunk));
      return reader.lengths;
    };
    const chunk = patternBytes(512 * 1024);
    const small = Array.from({ length: 40 }, () => 1386);
    const medium = Array.from({ length: 40 }, () => 4246);
    const first = lengths(chunk);
    expect(first.slice(0, 80)).toEqual([...small, ...medium]);
    expect(first.slice(80, -1)).toEqual(first.slice(80, -1).map(() => 16_384));
    vi.advanceTimersByTime(900);
    expect(lengths(chunk)).toEqual(Array.from({ length: 32 }, () => 16_384));
    vi.advanceTimersByTime(1_001);
    expect(lengths(chunk).slice(0, 80)).toEqual([...small, ...medium]);
  });

  it('uses memory again that was passed on, and never what was taken', () => {
    const encoder = new RecordEncoder();
    const chunk = patternBytes(60_000);
    const emitted = (answer: boolean | undefined): Buffer => {
      let got: Buffer | undefined;
      encoder.write(chunk, (bytes) => {
        got = bytes;
        return answer;
      });
      return got!;
    };
    const first = emitted(true);
    const second = emitted(false);
    expect(second.buffer).toBe(first.buffer);
    const kept = Buffer.from(second);
    const third = emitted(undefined);
    const fourth = emitted(true);
    expect(new Set([second, third, fourth].map(({ buffer }) => buffer)).size).toBe(3);
    expect(second.equals(kept)).toBe(true);
  });

  it('keeps its memory apart while it is in use further down', () => {
    const inner = new RecordEncoder();
    const chunk = patternBytes(60_000);
    let outerBytes: Buffer | undefined;
    new RecordEncoder().write(chunk, (bytes) => {
      const before = Buffer.from(bytes);
      const nested = encode(inner, chunk);
      expect(bytes.equals(before)).toBe(true);
      expect(nested.equals(before)).toBe(true);
      outerBytes = before;
      return true;
    });
    expect(outerBytes).toBeDefined();
  });
});
