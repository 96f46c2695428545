import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameDecoder, FramingError } from './framing.js';

const tags = ['abridged', 'intermediate', 'padded'] as const;
const words = (count: number) => Buffer.alloc(count * 4, 'word');
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const padding = hex('a1a2a3a4a5');

const vectors = [
  { tag: 'abridged', payload: hex('01020304'), quickAck: false, wire: hex('01 01020304') },
  { tag: 'abridged', payload: hex('01020304'), quickAck: true, wire: hex('81 01020304') },
  { tag: 'abridged', payload: words(126), quickAck: false, wire: Buffer.concat([hex('7e'), words(126)]) },
  { tag: 'abridged', payload: words(127), quickAck: false, wire: Buffer.concat([hex('7f 7f0000'), words(127)]) },
  { tag: 'abridged', payload: words(0x10203), quickAck: true, wire: Buffer.concat([hex('ff 030201'), words(0x10203)]) },
  { tag: 'intermediate', payload: hex('01020304'), quickAck: false, wire: hex('04000000 01020304') },
  { tag: 'intermediate', payload: hex('01020304'), quickAck: true, wire: hex('04000080 01020304') },
  { tag: 'padded', payload: hex('01020304'), quickAck: false, wire: hex('09000000 01020304 a1a2a3a4a5') },
  { tag: 'padded', payload: hex('01020304'), quickAck: true, wire: hex('09000080 01020304 a1a2a3a4a5') },
] as const;

describe('framing', () => {
  it.each(vectors)('$tag, quick ack $quickAck, $payload.length bytes: encodes the vector', (vector) => {
    const { tag, payload, quickAck, wire } = vector;
    expect(encodeFrame(tag, payload, { quickAck, padding }).equals(wire)).toBe(true);
  });

  it.each(vectors)('$tag, quick ack $quickAck, $payload.length bytes: decodes the vector', (vector) => {
    const { tag, payload, quickAck, wire } = vector;
    const [frame, ...more] = new FrameDecoder(tag).push(wire);
    expect(more).toEqual([]);
    expect(frame?.quickAck).toBe(quickAck);
    // A whole word of padding cannot be told from the message and stays behind it.
    expect(frame?.payload.subarray(0, payload.length).equals(payload)).toBe(true);
    expect(frame?.payload.length).toBe(tag === 'padded' ? 8 : payload.length);
  });

  it.each(tags)('%s: decodes the same frames wherever the stream is split', (tag) => {
    const sent = [words(1), words(130), words(0), words(2)];
    const wire = Buffer.concat(
      sent.map((payload, at) => encodeFrame(tag, payload, { quickAck: at % 2 === 1, padding: hex('a1a2') })),
    );
    for (let at = 0; at <= wire.length; at += 1) {
      const decoder = new FrameDecoder(tag);
      const frames = [...decoder.push(wire.subarray(0, at)), ...decoder.push(wire.subarray(at))];
      expect(frames.map(({ payload }) => payload)).toEqual(sent);
      expect(frames.map(({ quickAck }) => quickAck)).toEqual([false, true, false, true]);
      expect(decoder.pendingBytes).toBe(0);
    }
  });

  it.each(tags)('%s: gives back any messages, fed in any pieces', (tag) => {
    const message = fc.uint8Array({ maxLength: 800 }).map((bytes) => Buffer.from(bytes.subarray(0, bytes.length & ~3)));
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 300 })), (sent, sizes) => {
        const wire = Buffer.concat(sent.map((payload) => encodeFrame(tag, payload)));
        const decoder = new FrameDecoder(tag);
        const got: Buffer[] = [];
        for (let at = 0, turn = 0; at < wire.length; turn += 1) {
          const next = at + (sizes[turn % sizes.length] ?? wire.length);
          got.push(...decoder.push(wire.subarray(at, next)).map(({ payload }) => payload));
          at = next;
        }
        expect(got.length).toBe(sent.length);
        got.forEach((payload, index) => {
          const original = sent[index] ?? Buffer.alloc(0);
          expect(payload.subarray(0, original.length).equals(original)).toBe(true);
          expect(payload.length - original.length).toBeLessThanOrEqual(tag === 'padded' ? 12 : 0);
        });
      }),
    );
  });

  it.each([
    { tag: 'abridged', wire: hex('7f ffffff') },
    { tag: 'intermediate', wire: hex('ffffff7f') },
    { tag: 'padded', wire: hex('ffffffff') },
  ] as const)('$tag: refuses a length over the limit before the bytes come', ({ tag, wire }) => {
    expect(() => new FrameDecoder(tag).push(wire)).toThrow(FramingError);
  });

  it('refuses to encode what is not made of words', () => {
    expect(() => encodeFrame('abridged', Buffer.alloc(5))).toThrow(FramingError);
  });
});
