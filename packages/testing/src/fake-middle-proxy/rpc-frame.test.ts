import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc, frame } from './rpc-client.fixture.js';
import { encodeRpcFrame, fillerFor, RpcFrameDecoder, RpcFrameError, type RpcFrame } from './rpc-frame.js';

const frames: RpcFrame[] = [4, 32, 8, 100].map((length, index) => ({
  sequence: index - 2,
  body: Buffer.alloc(length, index + 1),
}));
const wire = Buffer.concat(
  frames.map((each) => {
    const bytes = encodeRpcFrame(each);
    return Buffer.concat([bytes, fillerFor(bytes.length)]);
  }),
);

function decode(chunks: readonly Uint8Array[]): RpcFrame[] {
  const decoder = new RpcFrameDecoder();
  const got: RpcFrame[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let next = decoder.next(); next !== undefined; next = decoder.next()) got.push(next);
  }
  expect(decoder.pendingBytes).toBe(0);
  return got;
}

describe('frames of the middle-proxy protocol', () => {
  it('are length, number, body, CRC-32', () => {
    // The checksum by Python's zlib.
    expect(encodeRpcFrame({ sequence: 0, body: Buffer.alloc(4, 1) }).toString('hex')).toBe(
      '1000000000000000010101011627afa0',
    );
    expect(crc(Buffer.from('123456789'))).toBe(0xcbf43926);
    for (const each of frames) expect(encodeRpcFrame(each)).toEqual(frame(each.sequence, each.body));
  });

  it('come out whole, wherever the stream is split in two', () => {
    for (let at = 0; at <= wire.length; at += 1) {
      expect(decode([wire.subarray(0, at), wire.subarray(at)])).toEqual(frames);
    }
  });

  it('come out whole in pieces of any sizes, with any filler', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.nat(5))),
        fc.array(fc.integer({ min: 1, max: 50 })),
        (shapes, cuts) => {
          const made = shapes.map(([size], index) => ({ sequence: index - 2, body: Buffer.alloc(size * 4, index) }));
          const all = Buffer.concat(
            made.flatMap((each, index) => [
              encodeRpcFrame(each),
              ...Array.from({ length: shapes[index]?.[1] ?? 0 }, () => Buffer.from([4, 0, 0, 0])),
            ]),
          );
          const chunks: Buffer[] = [];
          let at = 0;
          for (const cut of cuts) {
            chunks.push(all.subarray(at, at + cut));
            at += cut;
          }
          expect(decode([...chunks, all.subarray(at)])).toEqual(made);
        },
      ),
    );
  });

  it('are filled up to whole blocks', () => {
    expect([16, 20, 24, 28, 32].map((length) => fillerFor(length).length)).toEqual([0, 12, 8, 4, 0]);
    expect(fillerFor(24).toString('hex')).toBe('0400000004000000');
    expect(() => fillerFor(17)).toThrow(RangeError);
  });

  const body = Buffer.alloc(20);
  it.each([
    ['a wrong checksum', encodeRpcFrame({ sequence: -2, body }, { crcError: 1 }), /wrong CRC-32/],
    ['another number', encodeRpcFrame({ sequence: 0, body }), /number 0 instead of -2/],
    ['a length that is not of words', encodeRpcFrame({ sequence: -2, body }, { length: 33 }), /not made of words/],
    ['a length under 16', encodeRpcFrame({ sequence: -2, body }, { length: 12 }), /too short/],
    ['no length', Buffer.alloc(16), /too short/],
    ['a length over the limit', encodeRpcFrame({ sequence: -2, body }, { length: (1 << 24) + 4 }), /over the limit/],
  ])('are refused for %s', (_what, bytes, reason) => {
    const decoder = new RpcFrameDecoder();
    decoder.push(bytes);
    expect(() => decoder.next()).toThrow(RpcFrameError);
    expect(() => decoder.next()).toThrow(reason);
  });
});
