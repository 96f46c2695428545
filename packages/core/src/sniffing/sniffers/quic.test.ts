import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { helloMessage, opensslHello, serverNames } from './hello.fixture.js';
import { cryptoFrame, defaultConnectionId, padded, protectedPacket, varint } from './quic-client.fixture.js';
import { clientInitialKeys, quicVersion } from './quic-keys.js';
import * as published from './quic-vectors.fixture.js';
import { quicSniffer } from './quic.js';

const example = { protocol: 'quic', domain: 'www.example.com' };
const nameless = { protocol: 'quic' };
const ping = Buffer.of(1);
// As long as with post-quantum keys.
const hello = helloMessage({
  extensions: [[51, Buffer.alloc(1_300, 0x5a)], serverNames('WWW.example.com'), [21, Buffer.alloc(300)]],
});

function sniff(...datagrams: readonly Buffer[]): unknown {
  return quicSniffer.sniff(datagrams, 'udp');
}

/** A datagram with one Initial. */
function initial(...frames: readonly Buffer[]): Buffer {
  return protectedPacket({ frames: padded(Buffer.concat(frames), 1_150) });
}

function piece(from: number, to?: number): Buffer {
  return cryptoFrame(hello.subarray(from, to), from);
}

describe('the quic sniffer', () => {
  it.each(published.vectors)("finds the name in the RFCs' example of $name", ({ version }) => {
    const frames = padded(published.cryptoFrame, published.payloadLength);
    const packet = protectedPacket({ version, connectionId: published.connectionId, number: 2, frames });
    const before = Buffer.from(packet);
    expect(sniff(packet)).toEqual({ protocol: 'quic', domain: 'example.com' });
    expect(packet).toEqual(before);
  });

  it.each([1, 0x6b33_43cf, 0xff00_001d])('finds the name in a packet of version %i, with any header', (version) => {
    for (const numberLength of [1, 2, 3, 4]) {
      for (const token of [Buffer.alloc(0), Buffer.alloc(100, 1)]) {
        const connectionId = Buffer.alloc(20, 9);
        const sourceId = Buffer.alloc(8, 8);
        const frames = cryptoFrame(hello);
        const packet = protectedPacket({ version, numberLength, number: 200, connectionId, sourceId, token, frames });
        expect(sniff(packet)).toEqual(example);
      }
    }
  });

  it("finds the name in OpenSSL's hello", () => {
    const message = opensslHello({ servername: 'real.example' }).subarray(5);
    expect(sniff(initial(cryptoFrame(message)))).toEqual({ protocol: 'quic', domain: 'real.example' });
    expect(sniff(initial(cryptoFrame(opensslHello().subarray(5))))).toEqual(nameless);
  });

  it('puts together a hello over two datagrams, in either order', () => {
    const [first, second] = [initial(piece(0, 1_000)), initial(piece(1_000))];
    expect(sniff(first)).toBe('more');
    expect(sniff(second)).toBe('more');
    expect(sniff(first, first)).toBe('more');
    expect(sniff(first, second)).toEqual(example);
    expect(sniff(second, first)).toEqual(example);
  });

  it('puts together pieces at every split', () => {
    for (let at = 1; at < hello.length; at += 1) {
      expect(sniff(protectedPacket({ frames: Buffer.concat([piece(at), ping, piece(0, at)]) }))).toEqual(example);
    }
  });

  it('puts together pieces that overlap, in any order, between other frames, over any number of packets', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: hello.length - 1 }), { maxLength: 20 });
    const others = fc.constantFrom(
      Buffer.alloc(0),
      Buffer.alloc(7),
      ping,
      // Acknowledgements of 1 range and of 2 with counts.
      Buffer.of(2, 5, 0x40, 9, 0, 1),
      Buffer.of(3, 9, 1, 1, 1, 0, 2, 1, 2, 3),
    );
    const random = fc.infiniteStream(fc.nat());
    fc.assert(
      fc.property(cuts, others, random, fc.integer({ min: 1, max: 9 }), (places, other, numbers, packetCount) => {
        const next = (): number => numbers.next().value as number;
        const sorted = [0, ...places.sort((a, b) => a - b), hello.length];
        const pieces = sorted.slice(1).map((end, i) => {
          const overlap = next() % 50;
          return { frame: piece(Math.max(0, sorted[i]! - overlap), end + overlap), order: next() };
        });
        pieces.sort((a, b) => a.order - b.order);
        const packets = Array.from({ length: packetCount }, (): Buffer[] => [ping]);
        for (const { frame } of pieces) packets[next() % packetCount]!.push(other, frame);
        const sealed = packets.map((frames, number) =>
          protectedPacket({ number, frames: padded(Buffer.concat(frames), 20) }),
        );
        expect(sniff(...sealed)).toEqual(example);
        // The same, all in one datagram.
        expect(sniff(Buffer.concat(sealed))).toEqual(example);
        expect(['more', example]).toContainEqual(sniff(...sealed.slice(0, -1)));
      }),
      { numRuns: 60 },
    );
  });

  it('passes over packets of other kinds in the same datagram', () => {
    const early = protectedPacket({ type: 1, frames: Buffer.alloc(50) });
    const [first, second] = [protectedPacket({ frames: piece(0, 900) }), protectedPacket({ frames: piece(900) })];
    expect(sniff(Buffer.concat([first, early, second]))).toEqual(example);
    expect(sniff(Buffer.concat([early, first, second]))).toEqual(example);
    expect(sniff(Buffer.concat([first, second, Buffer.of(0x40, 1, 2, 3)]))).toEqual(example);
    // Padding of a datagram outside its packets.
    expect(sniff(Buffer.concat([first, Buffer.alloc(100)]), second)).toEqual(example);
    // One that was changed on its way.
    const broken = Buffer.from(second);
    broken[broken.length - 1]! ^= 1;
    expect(sniff(Buffer.concat([first, broken]))).toBe('more');
    expect(sniff(Buffer.concat([first, broken]), second)).toEqual(example);
  });

  it('goes on with the first keys where the server has given its id, and with others after a Retry', () => {
    const first = initial(piece(0, 900));
    const connectionId = Buffer.from('fedcba98', 'hex');
    const keys = clientInitialKeys(quicVersion(1)!, defaultConnectionId);
    expect(sniff(first, protectedPacket({ connectionId, keys, frames: piece(900) }))).toEqual(example);
    const token = Buffer.from('token');
    expect(sniff(first, protectedPacket({ connectionId, token, frames: piece(900) }))).toEqual(example);
  });

  it('says QUIC without a name for what opens and has no hello that can be read', () => {
    expect(sniff(initial(cryptoFrame(Buffer.of(2, 0, 0, 4, 1))))).toEqual(nameless);
    const broken = Buffer.from(hello);
    broken.writeUInt16BE(0xffff, 4 + 2 + 32 + 33);
    expect(sniff(protectedPacket({ frames: cryptoFrame(broken) }))).toEqual(nameless);
    // Longer than is kept.
    expect(sniff(initial(cryptoFrame(Buffer.of(1, 0, 0x40, 0, 3))))).toEqual(nameless);
    expect(sniff(initial(cryptoFrame(Buffer.of(1, 0, 0x3f, 0, 3))))).toBe('more');
    expect(sniff(initial(cryptoFrame(Buffer.alloc(100), 16_300)))).toEqual(nameless);
    // 8 bytes for an offset.
    expect(sniff(initial(Buffer.from('06ffffffffffffffff0161', 'hex')))).toEqual(nameless);
    // More pieces than are kept.
    const bytes = Array.from({ length: 257 }, () => cryptoFrame(Buffer.of(0), 5));
    expect(sniff(protectedPacket({ frames: Buffer.concat(bytes) }))).toEqual(nameless);
    expect(sniff(protectedPacket({ frames: Buffer.concat(bytes.slice(1)) }))).toBe('more');
  });

  it('gives up after ten packets', () => {
    const first = initial(piece(0, 900));
    const nine = Array.from({ length: 9 }, () => first);
    expect(sniff(...nine)).toBe('more');
    expect(sniff(...nine, first)).toEqual(nameless);
    expect(sniff(...nine, initial(piece(900)))).toEqual(example);
    expect(sniff(...nine, first, initial(piece(900)))).toEqual(nameless);
    expect(sniff(Buffer.concat([...nine, first]))).toBe('more');
    expect(sniff(Buffer.concat([...nine, first]), initial(piece(900)))).toEqual(nameless);
  });

  it('ends at frames that no Initial has, or that are cut off', () => {
    const rest = piece(900);
    for (const frame of ['08', '1c00', '0640', '06', '02', '0200ffffffff', '0600ff', '06004fff61']) {
      const frames = Buffer.concat([piece(0, 900), Buffer.from(frame, 'hex')]);
      expect(sniff(protectedPacket({ frames }))).toBe('more');
      expect(sniff(protectedPacket({ frames }), protectedPacket({ frames: rest }))).toEqual(example);
    }
    expect(sniff(protectedPacket({ frames: Buffer.concat([piece(0, 900), Buffer.of(8), rest]) }))).toBe('more');
  });

  it('does not take what it cannot open', () => {
    const packet = initial(piece(0));
    expect(sniff()).toBe('more');
    expect(sniff(Buffer.alloc(0))).toBe('no');
    for (let length = 0; length < packet.length; length += 1) expect(sniff(packet.subarray(0, length))).toBe('no');
    for (let at = 0; at < packet.length; at += 1) {
      const changed = Buffer.from(packet);
      changed[at]! ^= 0x20;
      expect([at, sniff(changed)]).toEqual([at, 'no']);
    }
    // Another version, another's key, a server's Initial.
    const other = Buffer.from(packet);
    other.writeUInt32BE(0x1a2a3a4a, 1);
    expect(sniff(other)).toBe('no');
    const keys = clientInitialKeys(quicVersion(0x6b33_43cf)!, defaultConnectionId);
    expect(sniff(protectedPacket({ keys, frames: cryptoFrame(hello) }))).toBe('no');
    expect(sniff(Buffer.alloc(1_200), packet)).toBe('no');
    // Packets of other kinds with an Initial's keys and frames, and ids longer than any.
    for (const type of [1, 2, 3]) expect(sniff(protectedPacket({ type, frames: cryptoFrame(hello) }))).toBe('no');
    expect(sniff(protectedPacket({ connectionId: Buffer.alloc(21), frames: cryptoFrame(hello) }))).toBe('no');
    expect(sniff(protectedPacket({ sourceId: Buffer.alloc(21), frames: cryptoFrame(hello) }))).toBe('no');
    // Nothing can be behind a Retry.
    expect(sniff(Buffer.concat([protectedPacket({ type: 3, frames: ping }), packet]))).toBe('no');
  });

  it('never throws, and takes nothing that is random', () => {
    const start = fc.constantFrom(
      '',
      'c0',
      'c000000001',
      'd06b3343cf08',
      'c000000001080001020304050607',
      'c0000000010000004120',
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 1_400, size: 'max' }), (hex, random) => {
        expect(sniff(Buffer.concat([Buffer.from(hex, 'hex'), random]))).toBe('no');
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (frames) => {
        const datagrams = frames.map((random) => protectedPacket({ frames: padded(Buffer.from(random), 4) }));
        expect(['more', nameless]).toContainEqual(sniff(...datagrams));
      }),
      { numRuns: 300 },
    );
  });

  it('reads integers of all lengths', () => {
    for (const length of [1, 2, 4]) {
      const frame = Buffer.concat([Buffer.of(6), varint(0, length), varint(hello.length, 2), hello]);
      expect(sniff(protectedPacket({ frames: frame }))).toEqual(example);
    }
    const long = Buffer.concat([Buffer.of(6), Buffer.from('c000000000000000', 'hex'), varint(hello.length, 4), hello]);
    expect(sniff(protectedPacket({ frames: long }))).toEqual(example);
  });
});
