import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framePacket, frameQuickAck, HEAD_ROOM, TAIL_ROOM } from './packet-framer.js';
import { PacketSplitter } from './packet-splitter.js';

function framed(framing: 'abridged' | 'intermediate' | 'padded', message: Buffer): Buffer {
  const memory = Buffer.concat([Buffer.alloc(HEAD_ROOM, 0xaa), message, Buffer.alloc(TAIL_ROOM, 0xbb)]);
  return Buffer.from(framePacket(framing, memory, HEAD_ROOM, HEAD_ROOM + message.length));
}

describe('an answer', () => {
  it('has one byte of length in words if it is short, under the abridged framing', () => {
    expect(framed('abridged', Buffer.from('6cfeffff', 'hex')).toString('hex')).toBe('016cfeffff');
    expect(
      framed('abridged', Buffer.alloc(126 * 4))
        .subarray(0, 2)
        .toString('hex'),
    ).toBe('7e00');
  });

  it('has four if it is long', () => {
    expect(
      framed('abridged', Buffer.alloc(127 * 4))
        .subarray(0, 5)
        .toString('hex'),
    ).toBe('7f7f000000');
    expect(
      framed('abridged', Buffer.alloc(0x20304 * 4))
        .subarray(0, 4)
        .toString('hex'),
    ).toBe('7f040302');
  });

  it('has its length in bytes under the intermediate framing', () => {
    expect(framed('intermediate', Buffer.from('6cfeffff', 'hex')).toString('hex')).toBe('040000006cfeffff');
  });

  it('is longer by zero to three bytes under the padded framing, and all of them occur', () => {
    const message = randomBytes(64);
    const lengths = new Set<number>();
    for (let i = 0; i < 400; i += 1) {
      const packet = framed('padded', message);
      expect(packet.readUInt32LE(0)).toBe(packet.length - 4);
      expect(packet.subarray(4, 68).equals(message)).toBe(true);
      lengths.add(packet.length - 68);
    }
    expect([...lengths].sort()).toEqual([0, 1, 2, 3]);
  });

  it('is what a splitter of the same framing gives back', () => {
    const framing = fc.constantFrom('abridged', 'intermediate', 'padded');
    fc.assert(
      fc.property(framing, fc.integer({ min: 2, max: 2000 }), (mode, words) => {
        const message = randomBytes(words * 4);
        const found: Buffer[] = [];
        const packet = framed(mode, message);
        new PacketSplitter(mode).write(packet, (bytes) => found.push(Buffer.from(bytes)));
        expect(found.map((bytes) => bytes.equals(message))).toEqual([true]);
      }),
    );
  });
});

describe('a quick acknowledgement', () => {
  const token = Buffer.from('01020384', 'hex');

  it('goes out as it is', () => {
    expect(frameQuickAck('intermediate', token)).toEqual(token);
    expect(frameQuickAck('padded', token)).toEqual(token);
  });

  it('goes out in reverse under the abridged framing, in memory of its own', () => {
    expect(frameQuickAck('abridged', token).toString('hex')).toBe('84030201');
    expect(token.toString('hex')).toBe('01020384');
  });
});
