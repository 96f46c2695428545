import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bittorrentSniffer } from './bittorrent.js';
import { everySplit } from './every-split.fixture.js';

const bittorrent = { protocol: 'bittorrent' };
const handshake = Buffer.concat([Buffer.from('\x13BitTorrent protocol'), Buffer.alloc(8), Buffer.alloc(40, 0x61)]);

function sniff(packet: Buffer | string): unknown {
  return bittorrentSniffer.sniff([Buffer.from(packet as Buffer)], 'udp');
}

describe('the bittorrent sniffer on a stream', () => {
  it('knows the handshake at every split', () => {
    expect(everySplit(bittorrentSniffer, handshake)).toEqual(bittorrent);
    expect(bittorrentSniffer.sniff([handshake.subarray(0, 19)], 'tcp')).toBe('more');
    expect(bittorrentSniffer.sniff([handshake.subarray(0, 20)], 'tcp')).toEqual(bittorrent);
    expect(bittorrentSniffer.sniff([], 'tcp')).toBe('more');
  });

  it('takes nothing else', () => {
    for (let at = 0; at < 20; at += 1) {
      const changed = Buffer.from(handshake);
      changed[at]! ^= 0x20;
      expect(everySplit(bittorrentSniffer, changed)).toBe('no');
    }
    expect(everySplit(bittorrentSniffer, syn())).toBe('no');
  });
});

describe('the bittorrent sniffer on packets', () => {
  it.each([
    ['alone', syn()],
    ['with any numbers', syn({ connection: 0xffff, time: 0xffffffff, window: 0, sequence: 0xbeef })],
    ["with µTorrent's extension bits", syn({ extensions: '0008' + '00'.repeat(8), first: 2 })],
    ['with two extensions', syn({ extensions: '0304ffffffff' + '000400000001', first: 1 })],
  ])("knows uTP's SYN %s", (_what, packet) => {
    expect(sniff(packet)).toEqual(bittorrent);
  });

  it.each([
    ['another type', syn({ type: 0x21 })],
    ['data', syn({ type: 0x01 })],
    ['another version', syn({ type: 0x42 })],
    ['an answer to a packet', syn({ difference: 7 })],
    ['an acknowledgement', syn({ acknowledged: 1 })],
    ['a payload', Buffer.concat([syn(), Buffer.of(0)])],
    ['an unknown extension', syn({ extensions: '000400000000', first: 4 })],
    ['an extension of a wrong length', syn({ extensions: '00050000000000', first: 1 })],
    ['a missing extension', syn({ first: 1 })],
    ['a cut off extension', syn({ extensions: '000400', first: 1 })],
    ['bytes behind the extensions', syn({ extensions: '00040000000000', first: 1 })],
    ["the length of TURN's data", syn({ connection: 16 })],
    ["the length of TURN's data, padded", syn({ connection: 13 })],
    ['one byte less', syn().subarray(0, 19)],
  ])('does not take for a SYN what has %s', (_what, packet) => {
    expect(sniff(packet)).toBe('no');
  });

  it.each([
    // The examples of BEP 5.
    'd1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe',
    'd1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re',
    'd1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aa1:y1:qe',
    'd1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe',
    'd1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re',
    // BEP 42; libtorrent.
    'd2:ip6:abcdef1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re',
    'd2:ip18:abcdefghijklmnopqr1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re',
    'd1:ad2:bsi1e2:id20:abcdefghij0123456789e1:q9:get_peers1:t2:aa1:v4:LT\x01\x021:y1:qe',
  ])('knows a message of the DHT: %s', (text) => {
    expect(sniff(text)).toEqual(bittorrent);
    const bytes = Buffer.from(text);
    for (let length = 0; length < bytes.length; length += 1) expect(sniff(bytes.subarray(0, length))).toBe('no');
  });

  it.each([
    'd1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aae',
    'de',
    'd1:y1:qe',
    'd3:fooi1ee',
    'x1:ad2:id20:1:y1:qe',
  ])('does not take other dictionaries for one: %s', (text) => {
    expect(sniff(text)).toBe('no');
  });

  it("knows a tracker's connect request", () => {
    const connect = Buffer.from('0000041727101980' + '00000000' + '12345678', 'hex');
    expect(sniff(connect)).toEqual(bittorrent);
    expect(sniff(connect.subarray(0, 15))).toBe('no');
    expect(sniff(Buffer.concat([connect, Buffer.of(0)]))).toBe('no');
    for (let at = 0; at < 12; at += 1) {
      const changed = Buffer.from(connect);
      changed[at]! ^= 1;
      expect(sniff(changed)).toBe('no');
    }
  });

  it.each([
    ['a query of DNS with an unlucky id', '4100010000010000000000000000020001'],
    ["WireGuard's first packet", '0100000012345678' + 'ab'.repeat(140)],
    ['STUN', '000100002112a442' + '11'.repeat(12)],
    ['RTP', '8060000100000001deadbeef' + '55'.repeat(160)],
    ['NTP', '23000000' + '00'.repeat(44)],
    ['a short header of QUIC', '41' + '9c'.repeat(40)],
    ['nothing', ''],
  ])('does not take %s', (_what, hex) => {
    expect(sniff(Buffer.from(hex, 'hex'))).toBe('no');
  });

  it('never throws, never waits, and takes nothing that is random', () => {
    const start = fc.constantFrom('', '41', '4101', '64', '0000041727101980');
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 100 }), (hex, random) => {
        // Zeros are what a SYN has where it says that it is one; fast-check is fond of them.
        const bytes = random.map((byte) => byte || 1);
        expect(sniff(Buffer.concat([Buffer.from(hex, 'hex'), bytes]))).toBe('no');
      }),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (random) => {
        expect(['no', bittorrent]).toContainEqual(sniff(Buffer.from(random)));
        expect(['no', bittorrent]).toContainEqual(sniff(Buffer.concat([syn({ first: 1 }), random])));
      }),
    );
  });
});

interface SynParts {
  readonly type?: number;
  readonly first?: number;
  readonly connection?: number;
  readonly time?: number;
  readonly difference?: number;
  readonly window?: number;
  readonly sequence?: number;
  readonly acknowledged?: number;
  readonly extensions?: string;
}

/** A packet of uTP (BEP 29), with the extensions in hex. */
function syn(parts: SynParts = {}): Buffer {
  const header = Buffer.alloc(20);
  header[0] = parts.type ?? 0x41;
  header[1] = parts.first ?? 0;
  header.writeUInt16BE(parts.connection ?? 0x31c5, 2);
  header.writeUInt32BE(parts.time ?? 0x12345678, 4);
  header.writeUInt32BE(parts.difference ?? 0, 8);
  header.writeUInt32BE(parts.window ?? 0x100000, 12);
  header.writeUInt16BE(parts.sequence ?? 1, 16);
  header.writeUInt16BE(parts.acknowledged ?? 0, 18);
  return Buffer.concat([header, Buffer.from(parts.extensions ?? '', 'hex')]);
}
