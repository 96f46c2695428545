import { ipToBytes, SluiceError } from '@sluice/plugin-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.js';
import { decodeProxyHeader } from './decode.js';
import { encodeProxyHeader } from './encode.js';
import { tlvType, type ProxyHeader } from './proxy-header.js';

const signature = '0d0a0d0a000d0a515549540a';
/** TCP over IPv4 from 192.0.2.1:56324 to 198.51.100.2:443. */
const v4Block = 'c0000201c6336402dc0401bb';
const addresses = {
  source: { address: '192.0.2.1', port: 56324 },
  destination: { address: '198.51.100.2', port: 443 },
};

function line(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** @param fixed command and family */
function v2(fixed: string, ...parts: (string | Buffer)[]): Buffer {
  const rest = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(rest.length);
  return Buffer.concat([Buffer.from(signature + fixed, 'hex'), length, rest]);
}

function tlv(type: number, value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value);
  const head = Buffer.from([type, 0, 0]);
  head.writeUInt16BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** The header with its own checksum in the last four bytes. */
function summed(header: Buffer): Buffer {
  header.writeUInt32BE(0, header.length - 4);
  header.writeUInt32BE(crc32c(header), header.length - 4);
  return header;
}

/** The header, whole at its last byte and not before; what follows does not matter. */
function decoded(bytes: Buffer): ProxyHeader {
  for (let length = 0; length < bytes.length; length += 1) {
    expect(decodeProxyHeader(bytes.subarray(0, length)), `${length} bytes`).toBe('more');
  }
  const header = decodeProxyHeader(bytes);
  if (header === 'more' || header instanceof SluiceError) throw new TypeError(`not decoded: ${String(header)}`);
  expect(header.length).toBe(bytes.length);
  expect(decodeProxyHeader(Buffer.concat([bytes, Buffer.from('GET / HTTP/1.1\r\n\r\n')]))).toEqual(header);
  return header;
}

/** Refused, at the latest with its last byte, and whatever follows. */
function refusal(bytes: Buffer): string {
  let whole: unknown;
  for (let length = 0; length <= bytes.length; length += 1) {
    whole = decodeProxyHeader(bytes.subarray(0, length));
    if (whole !== 'more') break;
  }
  expect(whole).toBeInstanceOf(SluiceError);
  expect(whole).toMatchObject({ code: 'E_PROTOCOL' });
  expect(decodeProxyHeader(bytes)).toBeInstanceOf(SluiceError);
  expect(decodeProxyHeader(Buffer.concat([bytes, Buffer.alloc(200)]))).toBeInstanceOf(SluiceError);
  return (whole as SluiceError).message;
}

describe('decodeProxyHeader, version 1', () => {
  it.each([
    ['PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n', addresses],
    [
      'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n',
      { source: { address: '255.255.255.255', port: 65535 }, destination: { address: '255.255.255.255', port: 65535 } },
    ],
    [
      'PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n',
      { source: { address: '0.0.0.0', port: 0 }, destination: { address: '0.0.0.0', port: 0 } },
    ],
    [
      'PROXY TCP6 2001:DB8:0:0:0:0:0:1 ::2 1 2\r\n',
      { source: { address: '2001:db8::1', port: 1 }, destination: { address: '::2', port: 2 } },
    ],
    [
      `PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`,
      {
        source: { address: `${'ffff:'.repeat(7)}ffff`, port: 65535 },
        destination: { address: `${'ffff:'.repeat(7)}ffff`, port: 65535 },
      },
    ],
    [
      'PROXY TCP6 ::ffff:1.2.3.4 ::ffff:102:305 1 2\r\n',
      { source: { address: '1.2.3.4', port: 1 }, destination: { address: '1.2.3.5', port: 2 } },
    ],
    ['PROXY UNKNOWN\r\n', undefined],
    ['PROXY UNKNOWN \r\n', undefined],
    ['PROXY UNKNOWN whatever\rit \n says\r\n', undefined],
    [`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`, undefined],
  ])('reads %j', (text, expected) => {
    expect(decoded(line(text))).toEqual({ version: 1, length: text.length, addresses: expected, tlvs: [] });
  });

  it.each([
    'PROXY  TCP4 1.2.3.4 1.2.3.5 1 2\r\n',
    'PROXY TCP4  1.2.3.4 1.2.3.5 1 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.5 1 2 \r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.5 1\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.5 1 2 3\r\n',
    'PROXY TCP4 1.2.3.4\t1.2.3.5 1 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.5 1 2\n\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.5 1 2\r\r\n',
    'PROXY TCP4 01.2.3.4 1.2.3.5 1 2\r\n',
    'PROXY TCP4 1.2.3 1.2.3.5 1 2\r\n',
    'PROXY TCP4 1.2.3.256 1.2.3.5 1 2\r\n',
    'PROXY TCP4 ::1 ::2 1 2\r\n',
    'PROXY TCP6 1.2.3.4 1.2.3.5 1 2\r\n',
    'PROXY TCP6 1::2::3 ::2 1 2\r\n',
    'PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n',
    'PROXY TCP6 [::1] [::2] 1 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.5 01 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.5 65536 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.5 1 99999\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.5 +1 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.5 1e3 2\r\n',
    'PROXY UDP4 1.2.3.4 1.2.3.5 1 2\r\n',
    'PROXY tcp4 1.2.3.4 1.2.3.5 1 2\r\n',
    'PROXY UNKNOWNS\r\n',
    'PROXY \r\n',
    'PROXY TCP4 localhost localhost 1 2\r\n',
    `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`,
  ])('refuses %j', (text) => {
    expect(refusal(line(text))).toMatch(/^the PROXY protocol header is malformed: /);
  });

  it('never needs more than 107 bytes', () => {
    expect(decodeProxyHeader(line('PROXY ' + 'x'.repeat(100)))).toBe('more');
    expect(decodeProxyHeader(line('PROXY ' + 'x'.repeat(101)))).toBeInstanceOf(SluiceError);
    expect(decodeProxyHeader(line('PROXY UNKNOWN ' + 'x'.repeat(92) + '\r'))).toBeInstanceOf(SluiceError);
  });
});

describe('decodeProxyHeader, version 2', () => {
  it('reads TCP over IPv4', () => {
    expect(decoded(v2('2111', v4Block))).toEqual({ version: 2, length: 28, addresses, tlvs: [] });
  });

  it('reads TCP over IPv6, and an address that is mapped', () => {
    const block = '00000000000000000000ffffc0000201' + '20010db8000000010000000000000002' + 'dc0401bb';
    expect(decoded(v2('2121', block)).addresses).toEqual({
      source: { address: '192.0.2.1', port: 56324 },
      destination: { address: '2001:db8:0:1::2', port: 443 },
    });
  });

  it('reads additions', () => {
    const header = decoded(
      v2('2111', v4Block, tlv(tlvType.authority, 'a.example'), tlv(tlvType.noop, ''), tlv(0xe0, '\0\0')),
    );
    expect(header.addresses).toEqual(addresses);
    expect(header.tlvs).toEqual([
      { type: tlvType.authority, value: Buffer.from('a.example') },
      { type: tlvType.noop, value: Buffer.alloc(0) },
      { type: 0xe0, value: Buffer.alloc(2) },
    ]);
  });

  it.each([
    ['LOCAL', v2('2000')],
    ['LOCAL with a family', v2('2011', v4Block)],
    ['LOCAL with what would be wrong elsewhere', v2('20ff', 'ffffff')],
    ['an unspecified family', v2('2100')],
    ['an unspecified family with something', v2('2100', 'ffffff')],
    ['an unspecified family with a transport', v2('2101', '00')],
  ])('takes the connection for what it is: %s', (_, bytes) => {
    expect(decoded(bytes)).toEqual({ version: 2, length: bytes.length, addresses: undefined, tlvs: [] });
  });

  it.each([
    ['a Unix stream', '2131', Buffer.alloc(216, 0x2f)],
    ['a Unix datagram', '2132', Buffer.alloc(216)],
    ['UDP over IPv4', '2112', Buffer.alloc(12)],
    ['UDP over IPv6', '2122', Buffer.alloc(36)],
    ['IPv4 without a transport', '2110', Buffer.alloc(12)],
  ])('takes the connection for what it is: %s', (_, fixed, block) => {
    const header = decoded(v2(fixed, block, tlv(tlvType.uniqueId, 'id')));
    expect(header.addresses).toBeUndefined();
    expect(header.tlvs).toEqual([{ type: tlvType.uniqueId, value: Buffer.from('id') }]);
  });

  it.each([
    ['version 1 in binary', v2('1111', v4Block), 'it is of version 1'],
    ['version 3', v2('3111', v4Block), 'it is of version 3'],
    ['an unknown command', v2('2211', v4Block), 'its command is neither LOCAL nor PROXY'],
    ['an unknown family', v2('2141', v4Block), 'its address family or transport does not exist'],
    ['an unknown transport', v2('2113', v4Block), 'its address family or transport does not exist'],
    ['IPv4 too short', v2('2111', v4Block.slice(2)), 'it is too short for its addresses'],
    ['IPv6 too short', v2('2121', '00'.repeat(35)), 'it is too short for its addresses'],
    ['Unix too short', v2('2131', '00'.repeat(215)), 'it is too short for its addresses'],
    ['UDP too short', v2('2112', '00'.repeat(11)), 'it is too short for its addresses'],
    ['too long', v2('2111', Buffer.alloc(4097)), 'it announces 4097 bytes, more than 4096'],
    ['LOCAL too long', v2('2000', Buffer.alloc(4097)), 'it announces 4097 bytes, more than 4096'],
    ['half an addition', v2('2111', v4Block, '0400'), 'an addition is longer than the header'],
    ['an addition that is cut off', v2('2111', v4Block, '04000201'), 'an addition is longer than the header'],
  ])('refuses %s', (_, bytes, why) => {
    expect(refusal(bytes)).toBe(`the PROXY protocol header is malformed: ${why}`);
  });

  it('refuses what it can as soon as it can', () => {
    expect(decodeProxyHeader(Buffer.from(signature + '31', 'hex'))).toBeInstanceOf(SluiceError);
    expect(decodeProxyHeader(Buffer.from(signature + '2141', 'hex'))).toBeInstanceOf(SluiceError);
    expect(decodeProxyHeader(Buffer.from(signature + '2111ffff', 'hex'))).toBeInstanceOf(SluiceError);
    expect(decodeProxyHeader(Buffer.from(signature + '2111000b', 'hex'))).toBeInstanceOf(SluiceError);
  });

  it('reads the largest header that it takes', () => {
    const header = decodeProxyHeader(v2('2111', v4Block, tlv(tlvType.noop, Buffer.alloc(4096 - 12 - 3))));
    expect(header).toMatchObject({ length: 4112, addresses });
  });
});

describe('decodeProxyHeader, the checksum of version 2', () => {
  const right = summed(v2('2111', v4Block, tlv(tlvType.authority, 'a.example'), tlv(tlvType.crc32c, Buffer.alloc(4))));

  it('lets the right one pass, wherever it is', () => {
    expect(decoded(right).addresses).toEqual(addresses);
    const first = v2('2111', v4Block, tlv(tlvType.crc32c, Buffer.alloc(4)), tlv(tlvType.noop, 'x'));
    first.writeUInt32BE(crc32c(first), 16 + 12 + 3);
    expect(decoded(first).addresses).toEqual(addresses);
    expect(decoded(summed(v2('2131', Buffer.alloc(216), tlv(tlvType.crc32c, Buffer.alloc(4))))).tlvs).toHaveLength(1);
  });

  it('does not change the bytes that it was given', () => {
    const bytes = Buffer.from(right);
    decodeProxyHeader(bytes);
    expect(bytes).toEqual(right);
  });

  it('refuses every other, whichever bit of address, addition or sum has changed', () => {
    // Bits of lengths and types make it another header, which may have no sum.
    const name = 16 + 12 + 3;
    const sum = right.length - 4;
    const ranges = [
      [16, 28],
      [name, name + 'a.example'.length],
      [sum, right.length],
    ] as const;
    for (const [from, to] of ranges) {
      for (let bit = from * 8; bit < to * 8; bit += 1) {
        const wrong = Buffer.from(right);
        wrong[bit >> 3]! ^= 1 << (bit & 7);
        expect(refusal(wrong)).toBe('the PROXY protocol header is malformed: its checksum is wrong');
      }
    }
  });

  it('refuses one of another length, and two', () => {
    const wrong = 'the PROXY protocol header is malformed: its checksum is wrong';
    expect(refusal(v2('2111', v4Block, tlv(tlvType.crc32c, Buffer.alloc(3))))).toBe(wrong);
    expect(refusal(v2('2111', v4Block, tlv(tlvType.crc32c, Buffer.alloc(0))))).toBe(wrong);
    const two = v2('2111', v4Block, tlv(tlvType.crc32c, Buffer.alloc(4)), tlv(tlvType.crc32c, 'what'));
    two.writeUInt32BE(crc32c(two), 16 + 12 + 3);
    expect(refusal(two)).toBe(wrong);
  });
});

describe('decodeProxyHeader', () => {
  it.each([
    'GET / HTTP/1.1\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01',
    'PROXZ TCP4',
    'proxy TCP4 1.2.3.4 1.2.3.5 1 2\r\n',
    '\r\n\r\n\0\r\nQUIZ\n',
    '\0',
    ' PROXY ',
  ])('refuses another protocol at the first byte that differs: %j', (text) => {
    expect(refusal(line(text))).toBe('the connection does not begin with a PROXY protocol header');
  });

  it('gives back what was encoded, in both versions', () => {
    const endpoint = (ip: fc.Arbitrary<string>) => fc.record({ address: ip, port: fc.nat(65535) });
    const pair = fc.oneof(
      fc.tuple(endpoint(fc.ipV4()), endpoint(fc.ipV4())),
      fc.tuple(endpoint(fc.ipV6()), endpoint(fc.ipV6())),
      fc.tuple(endpoint(fc.ipV4()), endpoint(fc.ipV6())),
    );
    fc.assert(
      fc.property(fc.constantFrom(1 as const, 2 as const), pair, (version, [source, destination]) => {
        const header = decoded(encodeProxyHeader(version, source, destination));
        const told = header.addresses;
        expect(header.version).toBe(version);
        expect(told && [told.source.port, told.destination.port]).toEqual([source.port, destination.port]);
        expect(ipToBytes(told?.source.address ?? '')).toEqual(ipToBytes(source.address));
        expect(ipToBytes(told?.destination.address ?? '')).toEqual(ipToBytes(destination.address));
      }),
      { numRuns: 500 },
    );
    expect(decoded(encodeProxyHeader(1, { address: '/a', port: 0 }, addresses.source)).addresses).toBeUndefined();
    expect(decoded(encodeProxyHeader(2, { address: '/a', port: 0 }, addresses.source)).addresses).toBeUndefined();
  });

  it('answers anything, keeps within what it was given, and stays with its answer', () => {
    const start = fc.constantFrom(
      '',
      signature,
      signature + '21',
      signature + '2111000c',
      line('PROXY ').toString('hex'),
    );
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom('TCP4 ', 'TCP6 ', 'UNKNOWN', '1.2.3.4 ', '::1 ', '1 ', '65535', '\r\n').map(line),
    );
    fc.assert(
      fc.property(
        start,
        fc.array(piece, { maxLength: 8 }),
        fc.uint8Array({ maxLength: 20 }),
        (begin, pieces, after) => {
          const bytes = Buffer.concat([Buffer.from(begin, 'hex'), ...pieces]);
          const answer = decodeProxyHeader(bytes);
          if (answer === 'more') expect(bytes.length).toBeLessThan(4112);
          else if (answer instanceof SluiceError) {
            expect(decodeProxyHeader(Buffer.concat([bytes, after]))).toBeInstanceOf(SluiceError);
          } else {
            expect(answer.length).toBeLessThanOrEqual(bytes.length);
            expect(decodeProxyHeader(Buffer.concat([bytes, after]))).toEqual(answer);
          }
        },
      ),
      { numRuns: 5000 },
    );
  });
});
