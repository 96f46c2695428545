import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createClientHello, fragmentRecord } from './client-hello.js';
import { isOnCurve25519 } from './curve25519.js';

const key = randomBytes(16);

/** The extensions by type. */
function extensionsOf(record: Buffer): Map<number, Buffer> {
  let at = 5 + 4 + 2 + 32;
  at += 1 + record[at]!;
  at += 2 + record.readUInt16BE(at);
  at += 1 + record[at]!;
  expect(record.readUInt16BE(at)).toBe(record.length - at - 2);
  const extensions = new Map<number, Buffer>();
  for (at += 2; at < record.length; at += 4 + record.readUInt16BE(at + 2)) {
    extensions.set(record.readUInt16BE(at), record.subarray(at + 4, at + 4 + record.readUInt16BE(at + 2)));
  }
  return extensions;
}

describe('createClientHello', () => {
  it('proves the secret and tells the time', () => {
    for (const skew of [0, -5_000, 5_000]) {
      const { record, random } = createClientHello({ key, serverName: 'a.example', skew });
      expect(record.subarray(11, 43)).toEqual(random);
      const digest = createHmac('sha256', key)
        .update(Buffer.from(record).fill(0, 11, 43))
        .digest();
      expect(random.subarray(0, 28)).toEqual(digest.subarray(0, 28));
      const time = (random.readUInt32LE(28) ^ digest.readUInt32LE(28)) >>> 0;
      expect(Math.abs(time - skew - Date.now() / 1000)).toBeLessThan(10);
    }
  });

  it('can lie', () => {
    const { record, random } = createClientHello({ key, serverName: 'a.example', falsifyDigest: true });
    const digest = createHmac('sha256', key)
      .update(Buffer.from(record).fill(0, 11, 43))
      .digest();
    const difference = digest.subarray(0, 28).map((byte, i) => byte ^ random[i]!);
    expect([...difference].filter((byte) => byte !== 0)).toEqual([
      expect.toSatisfy((bits: number) => (bits & (bits - 1)) === 0),
    ]);
  });

  it('has lengths that fit, and is never twice the same', () => {
    const hellos = Array.from({ length: 40 }, () => createClientHello({ key, serverName: 'a.example' }).record);
    for (const record of hellos) {
      expect(record.readUInt16BE(3)).toBe(record.length - 5);
      expect(record.readUIntBE(6, 3)).toBe(record.length - 9);
      expect(extensionsOf(record).size).toBe(18);
      expect(record.length).toBeGreaterThan(1650);
    }
    expect(new Set(hellos.map((record) => [...extensionsOf(record).keys()].join())).size).toBe(40);
  });

  it('names the server, or no one', () => {
    const named = extensionsOf(createClientHello({ key, serverName: 'a.example' }).record);
    expect(named.get(0)?.toString('latin1')).toBe('\0\x0c\0\0\x09a.example');
    expect(extensionsOf(createClientHello({ key, serverName: '' }).record).has(0)).toBe(false);
  });

  it('offers what it is told to', () => {
    const offers = { groups: [0x1d] as const, cipherSuites: [0x1302], versions: [0x0303] };
    const extensions = extensionsOf(createClientHello({ key, serverName: 'a', offers }).record);
    expect(extensions.get(43)?.subarray(3).toString('hex')).toBe('0303');
    expect(extensions.get(51)?.readUInt16BE(0)).toBe(4 + 1 + 4 + 32);
  });
});

describe('fragmentRecord', () => {
  it('cuts the payload where it is told to', () => {
    const record = Buffer.from('160301000401000000', 'hex');
    expect(fragmentRecord(record, []).toString('hex')).toBe('160301000401000000');
    expect(fragmentRecord(record, [1, 3]).toString('hex')).toBe('160301000101' + '16030100020000' + '160301000100');
  });
});

describe('isOnCurve25519', () => {
  it('knows the base point, and half of all bytes', () => {
    expect(isOnCurve25519(Buffer.from('09'.padEnd(64, '0'), 'hex'))).toBe(true);
    // 2 is on the twist.
    expect(isOnCurve25519(Buffer.from('02'.padEnd(64, '0'), 'hex'))).toBe(false);
    expect(isOnCurve25519(Buffer.alloc(32))).toBe(false);
    expect(isOnCurve25519(Buffer.alloc(32, 0xff))).toBe(false);
    expect(isOnCurve25519(Buffer.from('09', 'hex'))).toBe(false);
    const found = Array.from({ length: 200 }, () => isOnCurve25519(Buffer.concat([randomBytes(31), Buffer.of(1)])));
    const share = found.filter(Boolean).length / found.length;
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.75);
  });
});
