import { Buffer } from 'node:buffer';
import { createClientHello, fragmentRecord } from '@sluice/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGreeting, type Greeted } from './greeting.js';
import { recordedHellos, recordedName } from './recorded-hellos.fixture.js';

const { tdlib, mtcute, chromium, openssl, opensslTls12 } = recordedHellos;
const recorded = Object.entries(recordedHellos);
const ours = createClientHello({ key: Buffer.alloc(16, 1), serverName: recordedName }).record;

function greeted(bytes: Buffer): Greeted {
  const greeting = readGreeting(bytes);
  if (typeof greeting === 'string') throw new TypeError(greeting);
  return greeting;
}

/** The same message in records that end at these offsets into it. */
function cut(record: Buffer, cuts: readonly number[]): Buffer {
  const within = new Set(cuts.map((at) => 1 + (at % (record.length - 6))));
  return fragmentRecord(
    record,
    [...within].sort((a, b) => a - b),
  );
}

describe('the hello of', () => {
  it.each([...recorded, ['our test client', ours] as const])('%s is read', (_, record) => {
    const { hello, consumed } = greeted(record);
    expect(consumed).toBe(record.length);
    expect(hello.record).toEqual(record);
    expect(hello.random).toEqual(record.subarray(11, 43));
    expect(hello.serverName).toBe(recordedName);
  });

  it.each([
    ['TDLib', tdlib],
    ['mtcute', mtcute],
    ['Chromium', chromium],
    ['our test client', ours],
  ])('%s offers what browsers do', (_, record) => {
    const { hello } = greeted(record);
    expect(hello.sessionId.length).toBe(32);
    expect(hello.cipherSuites.slice(1, 4)).toEqual([0x1301, 0x1302, 0x1303]);
    expect(hello.supportedGroups.slice(1)).toEqual([0x11ec, 0x1d, 0x17, 0x18]);
    expect(hello.keyShares.slice(1).map(({ group, key }) => [group, key.length])).toEqual([
      [0x11ec, 1216],
      [0x1d, 32],
    ]);
    expect(hello.supportedVersions.slice(1)).toEqual([0x0304, 0x0303]);
    expect(hello.alpn).toEqual(['h2', 'http/1.1']);
  });

  it('openssl offers less', () => {
    const { hello } = greeted(openssl);
    expect(hello.cipherSuites.slice(0, 3)).toEqual([0x1302, 0x1303, 0x1301]);
    expect(hello.keyShares.map(({ group, key }) => [group, key.length])).toEqual([[0x1d, 32]]);
    expect(hello.supportedVersions).toEqual([0x0304, 0x0303, 0x0302, 0x0301]);
    expect(hello.alpn).toEqual(['h2', 'http/1.1']);
    const old = greeted(opensslTls12).hello;
    expect(old).toMatchObject({ sessionId: Buffer.alloc(0), keyShares: [], supportedVersions: [], alpn: [] });
  });
});

describe('readGreeting', () => {
  it.each(recorded)('waits for more after every beginning of the hello of %s', (_, record) => {
    for (let end = 0; end < record.length; end += 1) expect(readGreeting(record.subarray(0, end))).toBe('more');
  });

  it('leaves what follows the hello', () => {
    const { hello, consumed } = greeted(Buffer.concat([tdlib, Buffer.from('140303000101', 'hex')]));
    expect(consumed).toBe(tdlib.length);
    expect(hello.record).toEqual(tdlib);
  });

  it('puts a hello that was cut at any one place together, and waits after each of its bytes', () => {
    for (let at = 1; at < openssl.length - 5; at += 1) {
      const bytes = fragmentRecord(openssl, [at]);
      const { hello, consumed } = greeted(Buffer.concat([bytes, Buffer.from('next')]));
      expect(hello.record).toEqual(openssl);
      expect(consumed).toBe(bytes.length);
    }
    const bytes = fragmentRecord(tdlib, [1, 2, 3, 4, 5, 100, 101, 1500]);
    for (let end = 0; end < bytes.length; end += 1) expect(readGreeting(bytes.subarray(0, end))).toBe('more');
    expect(greeted(bytes).hello.record).toEqual(tdlib);
  });

  it('puts a hello that was cut at many places together', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(tdlib, mtcute, chromium, openssl, ours),
        fc.array(fc.nat(2000), { maxLength: 60 }),
        fc.nat(2000),
        (record, cuts, end) => {
          const bytes = cut(record, cuts);
          const { hello, consumed } = greeted(bytes);
          expect(hello.record.equals(record)).toBe(true);
          expect(consumed).toBe(bytes.length);
          if (end < bytes.length) expect(readGreeting(bytes.subarray(0, end))).toBe('more');
        },
      ),
    );
  });

  it('does not read all of a long message again with every byte: what is wrong late is told at its end', () => {
    const extension = (type: number, length: number): Buffer => {
      const bytes = Buffer.alloc(4 + length);
      bytes.writeUInt16BE(type, 0);
      bytes.writeUInt16BE(length, 2);
      return bytes;
    };
    // The same extension twice is what no server takes.
    const extensions = Buffer.concat([extension(21, 3000), extension(99, 0), extension(99, 0), extension(100, 3000)]);
    const record = Buffer.concat([openssl, extensions]);
    for (const at of [3, 7, 5 + 4 + 2 + 32 + 33 + 2 + 62 + 2]) {
      record.writeUInt16BE(record.readUInt16BE(at) + extensions.length, at);
    }
    for (const end of [1000, 4000, record.length - 1]) expect(readGreeting(record.subarray(0, end))).toBe('more');
    expect(readGreeting(record)).toBe('foreign');
  });

  it('takes 256 records, and no more', () => {
    const places = (count: number) => Array.from({ length: count - 1 }, (_, i) => i + 1);
    expect(greeted(fragmentRecord(tdlib, places(256))).hello.record).toEqual(tdlib);
    expect(readGreeting(fragmentRecord(tdlib, places(257)))).toBe('foreign');
  });

  it('takes 16 KiB, and no more', () => {
    const padded = (length: number): Buffer => {
      const more = length - openssl.length;
      const record = Buffer.concat([openssl, Buffer.alloc(more)]);
      // An extension of padding; then the three lengths around it.
      record.writeUInt16BE(21, openssl.length);
      record.writeUInt16BE(more - 4, openssl.length + 2);
      for (const at of [3, 7, 5 + 4 + 2 + 32 + 33 + 2 + 62 + 2])
        record.writeUInt16BE(record.readUInt16BE(at) + more, at);
      return record;
    };
    expect(greeted(padded(5 + 16_384)).hello.serverName).toBe(recordedName);
    const cutAt8192 = fragmentRecord(padded(5 + 16_385), [8192]);
    expect(readGreeting(padded(5 + 16_385))).toBe('foreign');
    expect(readGreeting(cutAt8192)).toBe('foreign');
    expect(readGreeting(fragmentRecord(padded(5 + 16_384), [8192]))).toMatchObject({ consumed: 16_384 + 10 });
  });

  it.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n'), 1],
    ['another record type', '17', 1],
    ['SSL 2', '802e0103', 1],
    ['SSL 3', '160300', 3],
    ['a version to come', '160304', 3],
    ['another protocol that begins like it', '1602', 2],
    ['an empty record', '1603010000', 5],
    ['a record of more than 16384 bytes', '1603014001', 5],
    ['a record of far more', '160301 41', 4],
    ['another handshake message', '160301 0200 02', 6],
    ['a message of 64 KiB', '160301 0200 01 01', 7],
    ['a message of more than 16 KiB', '160301 0200 01 00 3ffd', 9],
    ['a record with more than the message', '160301 0200 01 0001fb', 9],
    ['the hello of another version', '160301 0200 01 0001fc 0302', 11],
    ['a session id of 33 bytes', `160301 0200 01 0001fc 0303 ${'00'.repeat(32)} 21`, 44],
    ['an odd number of bytes of suites', `160301 0200 01 0001fc 0303 ${'00'.repeat(32)} 00 0003`, 46],
    ['no compression', `160301 0200 01 0001fc 0303 ${'00'.repeat(32)} 00 0002 1301 00`, 49],
    ['extensions that end too early', `160301 0200 01 0001fc 0303 ${'00'.repeat(32)} 00 0002 1301 01 00 01d0`, 52],
    [
      'an extension over the end',
      `160301 0200 01 0001fc 0303 ${'00'.repeat(32)} 00 0002 1301 01 00 01d1 0017 01ce`,
      56,
    ],
    [
      'an extension that ends too early',
      `160301 0200 01 0001fc 0303 ${'00'.repeat(32)} 00 0002 1301 01 00 01d1 0000 0001`,
      56,
    ],
    ['what is broken before the next record', '160301 0006 01 0001fc 0302 160301 0010', 11],
    ['another record within', '160301 0001 01 14', 7],
    ['a record of another major version within', '160301 0001 01 1604', 8],
  ])('knows %s as soon as it can', (_, written, decidedBy) => {
    const bytes = typeof written === 'string' ? Buffer.from(written.replaceAll(' ', ''), 'hex') : written;
    for (let end = 0; end < decidedBy; end += 1)
      expect([end, readGreeting(bytes.subarray(0, end))]).toEqual([end, 'more']);
    for (let end = decidedBy; end <= bytes.length; end += 1)
      expect(readGreeting(bytes.subarray(0, end))).toBe('foreign');
  });

  it.each([
    ['no host name', 'f0'],
    ['an empty name', '0000', '0005 0003 00 0000'],
    ['a name of another kind', '0000', '0004 0002 01 00'],
    ['two names', '0000', '000a 0008 00 0001 61 00 0001 62'],
    ['no groups', '000a', '0002 0000'],
    ['half a group', '000a', '0003 0001 00'],
    ['no versions', '002b', '0001 00'],
    ['a share without a key', '0033', '0006 0004 001d 0000'],
    ['a share over the end', '0033', '0007 0005 001d 0002 00'],
    ['a protocol without a name', '0010', '0003 0001 00'],
    ['an extension over the end', '0017', '0001'],
    ['an extension twice', '0017', '0000 0017 0000'],
  ])('takes no hello with %s', (_, type, body = '') => {
    const extensions = Buffer.from(`${type}${body}`.replaceAll(' ', ''), 'hex');
    const record = Buffer.concat([opensslTls12.subarray(0, 43 + 1 + 2 + 56 + 2), Buffer.alloc(2), extensions]);
    record.writeUInt16BE(extensions.length, 43 + 1 + 2 + 56 + 2);
    record.writeUInt16BE(record.length - 9, 7);
    record.writeUInt16BE(record.length - 5, 3);
    expect(readGreeting(record)).toBe('foreign');
  });

  it('takes a hello without extensions', () => {
    const record = Buffer.from(opensslTls12.subarray(0, 43 + 1 + 2 + 56 + 2));
    record.writeUInt16BE(record.length - 9, 7);
    record.writeUInt16BE(record.length - 5, 3);
    expect(greeted(record).hello).toMatchObject({ serverName: undefined, supportedGroups: [] });
  });
});

describe('readGreeting, fuzzed', () => {
  const mutation = fc.record({ at: fc.nat(2000), how: fc.constantFrom('set', 'cut', 'add'), byte: fc.nat(255) });
  const mutated = fc
    .tuple(
      fc.constantFrom(...recorded.map(([, record]) => record), ours),
      fc.array(mutation, { maxLength: 4 }),
      fc.boolean(),
    )
    .map(([record, mutations, isCut]) => {
      let bytes = isCut ? cut(record, [3, 700]) : Buffer.from(record);
      for (const { at, how, byte } of mutations) {
        const place = at % bytes.length;
        if (how === 'set') bytes[place] = byte;
        else if (how === 'cut') bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1)]);
        else bytes = Buffer.concat([bytes.subarray(0, place), Buffer.of(byte), bytes.subarray(place)]);
      }
      return bytes;
    });
  const noise = fc
    .tuple(
      fc.constantFrom('', '16', '160301', '1603010200', '160301020001', '16030102000100'),
      fc.uint8Array({ maxLength: 600 }),
    )
    .map(([start, bytes]) => Buffer.concat([Buffer.from(start, 'hex'), bytes]));

  it.each([
    ['mutated hellos', mutated],
    ['noise', noise],
  ])('judges %s, and never takes back what it said of a beginning', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, fc.array(fc.nat(2100), { minLength: 1, maxLength: 8 }), (bytes, ends) => {
        const before = Buffer.from(bytes);
        const whole = readGreeting(bytes);
        expect(bytes.equals(before)).toBe(true);
        for (const end of ends.filter((end) => end < bytes.length)) {
          const beginning = readGreeting(bytes.subarray(0, end));
          if (whole === 'more') expect(beginning).toBe('more');
          else if (beginning === 'foreign') expect(whole).toBe('foreign');
          else if (beginning !== 'more') expect(whole).toMatchObject({ consumed: beginning.consumed });
          // What is a hello now was none before its last byte.
          if (typeof whole !== 'string' && end < whole.consumed) expect(beginning).toBe('more');
        }
        if (typeof whole === 'string') return;
        const { hello, consumed } = whole;
        expect(consumed).toBeLessThanOrEqual(bytes.length);
        expect(hello.record.readUInt16BE(3)).toBe(hello.record.length - 5);
        expect(hello.record.readUInt16BE(7)).toBe(hello.record.length - 9);
        for (const view of [hello.random, hello.sessionId, ...hello.keyShares.map(({ key }) => key)]) {
          expect(hello.record.includes(view)).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
