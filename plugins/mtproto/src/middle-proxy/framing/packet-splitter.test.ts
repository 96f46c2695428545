import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PACKET, PacketSplitter } from './packet-splitter.js';

interface Split {
  readonly hex: string;
  readonly quickAck: boolean;
}

function split(splitter: PacketSplitter, ...chunks: Buffer[]): Split[] {
  const found: Split[] = [];
  for (const chunk of chunks) {
    splitter.write(chunk, (packet, quickAck) => found.push({ hex: packet.toString('hex'), quickAck }));
  }
  return found;
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const eight = '0102030405060708';
const twelve = `${eight}090a0b0c`;
const long = randomBytes(0x7f * 4);

const streams = {
  abridged: {
    bytes: Buffer.concat([hex(`02 ${eight} 83 ${twelve} 7f 7f0000`), long, hex('ff 7f0000'), long]),
    packets: [
      { hex: eight, quickAck: false },
      { hex: twelve, quickAck: true },
      { hex: long.toString('hex'), quickAck: false },
      { hex: long.toString('hex'), quickAck: true },
    ],
  },
  intermediate: {
    bytes: hex(`08000000 ${eight} 0c000080 ${twelve}`),
    packets: [
      { hex: eight, quickAck: false },
      { hex: twelve, quickAck: true },
    ],
  },
  padded: {
    // Up to three bytes of padding go; whole words of it cannot be told from the message.
    bytes: hex(`08000000 ${eight} 0b000080 ${eight} aabbcc 0d000000 ${twelve} dd 0e000000 ${eight} 11223344 5566`),
    packets: [
      { hex: eight, quickAck: false },
      { hex: eight, quickAck: true },
      { hex: twelve, quickAck: false },
      { hex: `${eight}11223344`, quickAck: false },
    ],
  },
} as const;

describe.each(Object.entries(streams))('what a client sends under the %s framing', (framing, { bytes, packets }) => {
  const splitter = (): PacketSplitter => new PacketSplitter(framing as keyof typeof streams);

  it('is split into its messages, wherever it is cut', () => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const one = splitter();
      expect(split(one, bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(packets);
      expect(one.pendingBytes).toBe(0);
    }
  });

  it('is split byte by byte', () => {
    expect(split(splitter(), ...Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(packets);
  });

  it('leaves no reference to the chunk behind', () => {
    const one = splitter();
    const head = Buffer.from(bytes.subarray(0, bytes.length - 1));
    const before = split(one, head);
    head.fill(0);
    expect([...before, ...split(one, bytes.subarray(-1))]).toEqual(packets);
  });
});

describe('a length that no client sends', () => {
  it.each([
    ['abridged', '00'],
    ['abridged', '80'],
    ['abridged', '01'],
    ['abridged', '7f 000000'],
    ['abridged', '7f 010004'],
    ['intermediate', '00000000'],
    ['intermediate', '04000000'],
    ['intermediate', '0a000000'],
    ['intermediate', '04001000'],
    ['intermediate', 'ffffff7f'],
    ['padded', '07000000'],
    ['padded', '01001000'],
    ['padded', 'ffffffff'],
  ] as const)('ends the connection: %s %s', (framing, bytes) => {
    expect(() => split(new PacketSplitter(framing), hex(bytes))).toThrow(
      expect.objectContaining({ code: 'E_PROTOCOL' }),
    );
  });

  it('is not one of exactly the limit', () => {
    const packet = randomBytes(MAX_PACKET);
    const head = Buffer.alloc(4);
    head.writeUInt32LE(MAX_PACKET);
    const found = split(new PacketSplitter('padded'), head, packet.subarray(0, 70_000), packet.subarray(70_000));
    expect(found).toEqual([{ hex: packet.toString('hex'), quickAck: false }]);
  });

  it('costs no memory by itself', () => {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(MAX_PACKET);
    const splitter = new PacketSplitter('intermediate');
    split(splitter, head, Buffer.alloc(10));
    expect(splitter.pendingBytes).toBe(10);
    splitter.clear();
    expect(splitter.pendingBytes).toBe(0);
  });
});

it('never fails but with E_PROTOCOL, and holds no more than one packet, whatever comes', () => {
  const framing = fc.constantFrom('abridged', 'intermediate', 'padded');
  fc.assert(
    fc.property(framing, fc.array(fc.uint8Array({ maxLength: 300 })), (mode, chunks) => {
      const splitter = new PacketSplitter(mode);
      let total = 0;
      try {
        for (const chunk of chunks) {
          total += chunk.length;
          for (const { hex: packet } of split(splitter, Buffer.from(chunk))) {
            expect(packet.length % 8).toBe(0);
            expect(packet.length).toBeGreaterThanOrEqual(16);
          }
          expect(splitter.pendingBytes).toBeLessThanOrEqual(Math.min(total, MAX_PACKET));
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'E_PROTOCOL' });
      }
    }),
  );
});
