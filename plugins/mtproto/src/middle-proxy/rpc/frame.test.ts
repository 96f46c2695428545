import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BODY_OFFSET, CRC_LENGTH, MAX_FRAME } from './frame.js';
import { FrameReader } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';

function bodies(reader: FrameReader, ...chunks: Buffer[]): string[] {
  const found: string[] = [];
  for (const chunk of chunks) {
    reader.write(chunk, (frame) => found.push(frame.subarray(BODY_OFFSET, frame.length - CRC_LENGTH).toString('hex')));
  }
  return found;
}

const FILLER = Buffer.from('04000000', 'hex');

/** A frame by the rules, written out. */
function frame(sequence: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(body.length + 12, 0);
  head.writeInt32LE(sequence, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(crc32(Buffer.concat([head, body])));
  return Buffer.concat([head, body, tail]);
}

describe('frames that are written', () => {
  it('have length, sequence number from -2 on, body and CRC32', () => {
    const writer = new FrameWriter();
    const [first, second] = [Buffer.from('aabbccdd', 'hex'), randomBytes(24)];
    expect(writer.frames([[first]])).toEqual(frame(-2, first));
    expect(writer.frames([[first], [second.subarray(0, 8), second.subarray(8)]])).toEqual(
      Buffer.concat([frame(-1, first), frame(0, second)]),
    );
  });

  it('are filled up to whole cipher blocks', () => {
    for (let words = 1; words <= 8; words += 1) {
      const body = randomBytes(words * 4);
      const blocks = new FrameWriter().blocks([[body]]);
      const missing = (16 - ((body.length + 12) % 16)) % 16;
      expect(blocks).toEqual(Buffer.concat([frame(-2, body), ...new Array<Buffer>(missing / 4).fill(FILLER)]));
    }
  });
});

describe('a stream of frames', () => {
  const sent = [randomBytes(4), randomBytes(32), randomBytes(100), randomBytes(8)];
  const stream = Buffer.concat([
    frame(-2, sent[0]!),
    frame(-1, sent[1]!),
    FILLER,
    FILLER,
    FILLER,
    frame(0, sent[2]!),
    FILLER,
    frame(1, sent[3]!),
    FILLER,
  ]);
  const expected = sent.map((body) => body.toString('hex'));

  it('is read wherever it is cut, filler or not', () => {
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const reader = new FrameReader(MAX_FRAME);
      expect(bodies(reader, stream.subarray(0, cut), stream.subarray(cut))).toEqual(expected);
      expect(reader.pendingBytes).toBe(0);
    }
  });

  it('is read byte by byte', () => {
    expect(bodies(new FrameReader(MAX_FRAME), ...Array.from(stream, (byte) => Buffer.of(byte)))).toEqual(expected);
  });

  it('is not read on after any byte of a frame has been changed', () => {
    const good = frame(-2, randomBytes(20));
    for (let at = 0; at < good.length; at += 1) {
      for (const bit of [1, 0x80]) {
        const bad = Buffer.from(good);
        bad[at]! ^= bit;
        const reader = new FrameReader(64);
        let found: string[] | undefined;
        try {
          found = bodies(reader, bad);
        } catch (error) {
          expect(error).toMatchObject({ code: 'E_PROTOCOL' });
          continue;
        }
        // A length that still makes sense: the rest is waited for.
        expect(found).toEqual([]);
        expect(reader.pendingBytes).toBeGreaterThan(0);
      }
    }
  });

  it.each([0, 1, 3, 5, 8, 12, 13, 18, 68, 0x7fffffff, 0xffffffff])('takes no frame of %i bytes', (length) => {
    const head = Buffer.alloc(64);
    head.writeUInt32LE(length);
    expect(() => bodies(new FrameReader(64), head)).toThrow(expect.objectContaining({ code: 'E_PROTOCOL' }));
    const bytewise = new FrameReader(64);
    expect(() => bodies(bytewise, head.subarray(0, 2), head.subarray(2))).toThrow();
  });

  it('takes no frame twice, and none too early', () => {
    const body = randomBytes(8);
    expect(() => bodies(new FrameReader(64), frame(-2, body), frame(-2, body))).toThrow();
    expect(() => bodies(new FrameReader(64), frame(-1, body))).toThrow();
  });

  it('costs memory for what has come, not for what was announced', () => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(MAX_FRAME);
    const reader = new FrameReader(MAX_FRAME);
    bodies(reader, head);
    expect(reader.pendingBytes).toBe(8);
  });
});

it('never fails but with E_PROTOCOL, and holds no more than it was given, whatever comes', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.constant(FILLER),
    fc
      .tuple(fc.integer({ min: -2, max: 1 }), fc.integer({ min: 1, max: 8 }))
      .map(([n, words]) => frame(n, Buffer.alloc(words * 4))),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const reader = new FrameReader(1024);
      let given = 0;
      try {
        for (const bytes of pieces) {
          given += bytes.length;
          bodies(reader, Buffer.from(bytes));
          expect(reader.pendingBytes).toBeLessThanOrEqual(Math.min(given, 1024));
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'E_PROTOCOL' });
      }
    }),
  );
});
