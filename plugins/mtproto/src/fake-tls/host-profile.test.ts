import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGreeting } from './greeting.js';
import { plausibleProfile, readFirstFlight } from './host-profile.js';
import { KeySharePool } from './key-share-pool.js';
import { probeHello } from './probe-hello.js';

function record(type: number, payload: Buffer, version = 0x0303): Buffer {
  const header = Buffer.alloc(5);
  header[0] = type;
  header.writeUInt16BE(version, 1);
  header.writeUInt16BE(payload.length, 3);
  return Buffer.concat([header, payload]);
}

function serverHello(
  options: { random?: Buffer; version?: string; share?: string; more?: string; type?: number } = {},
): Buffer {
  const { random = randomBytes(32), version = '002b00020304', share = `00330024001d0020${'07'.repeat(32)}` } = options;
  const extensions = Buffer.from(`${version}${share}`, 'hex');
  const size = Buffer.alloc(2);
  size.writeUInt16BE(extensions.length);
  const body = Buffer.concat([
    Buffer.from('0303', 'hex'),
    random,
    Buffer.alloc(33, 32),
    Buffer.from('130200', 'hex'),
    size,
    extensions,
    Buffer.from(options.more ?? '', 'hex'),
  ]);
  const header = Buffer.alloc(4);
  header.writeUInt32BE((options.type ?? 2) * 2 ** 24 + body.length);
  return record(22, Buffer.concat([header, body]));
}

const changeCipherSpec = Buffer.from('140303000101', 'hex');
const data = (length: number): Buffer => record(23, randomBytes(length));

describe('readFirstFlight', () => {
  it('sums up a flight of one record, and of several with their headers', () => {
    const one = Buffer.concat([serverHello(), changeCipherSpec, data(3000)]);
    expect(readFirstFlight(one)).toEqual({
      encryptedLength: 3000,
      cipherSuite: 0x1302,
      group: 0x1d,
      extensions: [43, 51],
    });
    const several = Buffer.concat([serverHello(), changeCipherSpec, data(40), data(900), data(281), data(69)]);
    expect(readFirstFlight(several)).toMatchObject({ encryptedLength: 40 + 900 + 281 + 69 + 3 * 5 });
  });

  it('needs no ChangeCipherSpec', () => {
    expect(readFirstFlight(Buffer.concat([serverHello(), data(77)]))).toMatchObject({ encryptedLength: 77 });
  });

  it('waits for the end of each record', () => {
    const start = Buffer.concat([serverHello(), changeCipherSpec]);
    const bytes = Buffer.concat([start, data(100), data(200)]);
    for (let end = 0; end < bytes.length; end += 1) {
      const expected = end === start.length + 105 ? { encryptedLength: 100 } : undefined;
      if (expected === undefined) expect([end, readFirstFlight(bytes.subarray(0, end))]).toEqual([end, 'more']);
      else expect(readFirstFlight(bytes.subarray(0, end))).toMatchObject(expected);
    }
  });

  it.each([
    ['an alert', Buffer.from('15030300020228', 'hex')],
    ['plain text', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['encrypted data before the hello', data(50)],
    ['TLS 1.2', serverHello({ version: '', share: '' })],
    ['TLS 1.2 by extension', serverHello({ version: '002b00020303' })],
    ['bytes behind the hello', serverHello({ more: '00' })],
    ['another message', serverHello({ type: 4 })],
    [
      'a HelloRetryRequest',
      serverHello({ random: Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex') }),
    ],
    ['a hello in the clear twice', Buffer.concat([serverHello(), serverHello()])],
    ['an alert after the hello', Buffer.concat([serverHello(), Buffer.from('15030300020228', 'hex')])],
    ['a record that is too long', Buffer.concat([serverHello(), record(23, Buffer.alloc(16_641))])],
    ['an empty record', Buffer.concat([serverHello(), record(23, Buffer.alloc(0))])],
    ['a record of another version', Buffer.concat([serverHello(), record(23, Buffer.alloc(9), 0x0301)])],
  ])('is not taken in by %s', (_, bytes) => {
    expect(readFirstFlight(bytes)).toBe('foreign');
  });

  it('judges anything', () => {
    const right = Buffer.concat([serverHello(), changeCipherSpec, data(60)]);
    fc.assert(
      fc.property(fc.nat(right.length - 1), fc.nat(255), fc.uint8Array({ maxLength: 30 }), (at, byte, more) => {
        const bytes = Buffer.concat([right, more]);
        bytes[at] = byte;
        const flight = readFirstFlight(bytes);
        if (typeof flight === 'string') expect(['more', 'foreign']).toContain(flight);
        else expect(flight.encryptedLength).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('plausibleProfile', () => {
  it('is always the same for a name, and seldom for two', () => {
    const names = Array.from({ length: 100 }, (_, i) => `site-${i}.example`);
    const lengths = names.map((name) => plausibleProfile(name).encryptedLength);
    expect(names.map((name) => plausibleProfile(name).encryptedLength)).toEqual(lengths);
    expect(new Set(lengths).size).toBeGreaterThan(80);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(2_400);
    expect(Math.max(...lengths)).toBeLessThan(4_200);
  });
});

describe('probeHello', () => {
  it('is the hello of a browser', () => {
    const record = probeHello('www.example.com', new KeySharePool(0));
    const greeting = readGreeting(record);
    if (typeof greeting === 'string') throw new TypeError(greeting);
    const { hello, consumed } = greeting;
    expect(consumed).toBe(record.length);
    expect(hello).toMatchObject({ serverName: 'www.example.com', alpn: ['h2', 'http/1.1'] });
    expect(hello.keyShares.slice(1).map(({ group, key }) => [group, key.length])).toEqual([
      [0x11ec, 1216],
      [0x1d, 32],
    ]);
    // What the key of ML-KEM is made of is below 3329, or a server refuses it.
    const lattice = hello.keyShares[1]!.key;
    for (let at = 0; at < 1152; at += 3) {
      const pair = lattice.readUIntLE(at, 3);
      expect(Math.max(pair & 0xfff, pair >> 12)).toBeLessThan(3329);
    }
  });
});
