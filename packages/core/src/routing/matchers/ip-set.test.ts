import { bytesToIp, ipToBytes, parseCidr, type Cidr } from '@sluice/plugin-api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IpSet } from './ip-set.js';

/** Bit by bit, from the text forms: slow and plain. */
function naive(blocks: readonly Cidr[], address: Uint8Array): boolean {
  const wanted = ipToBytes(bytesToIp(address));
  const bit = (bytes: Uint8Array, i: number): number => (bytes[i >> 3]! >> (7 - (i & 7))) & 1;
  return blocks.some(({ bytes, prefix }) => {
    if (bytes.length !== wanted.length) return false;
    for (let i = 0; i < prefix; i += 1) if (bit(bytes, i) !== bit(wanted, i)) return false;
    return true;
  });
}

// Few distinct bytes, so that blocks overlap and addresses fall on their edges.
const byte = fc.constantFrom(0, 1, 127, 128, 255);
const address = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.array(byte, { minLength: 4, maxLength: 4 }).map((bytes) => Uint8Array.from(bytes)),
  fc.array(byte, { minLength: 16, maxLength: 16 }).map((bytes) => Uint8Array.from(bytes)),
  fc
    .array(byte, { minLength: 4, maxLength: 4 })
    .map((tail) => Uint8Array.from([...new Array<number>(10).fill(0), 255, 255, ...tail])),
);
const block = fc.tuple(address, fc.nat(128)).map(([bytes, bits]) => {
  const ip = bytesToIp(bytes);
  return parseCidr(`${ip}/${Math.min(bits, ip.includes(':') ? 128 : 32)}`);
});

describe('IpSet', () => {
  test('answers as the naive search does', () => {
    fc.assert(
      fc.property(
        fc.array(block, { maxLength: 30 }),
        fc.array(address, { minLength: 1, maxLength: 20 }),
        (blocks, asked) => {
          const set = new IpSet(blocks);
          for (const ip of asked) expect(set.has(ip), bytesToIp(ip)).toBe(naive(blocks, ip));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('holds the first and the last address of each block and not their neighbours', () => {
    const set = new IpSet(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '0.0.0.0/32', 'ffff::/16'].map(parseCidr));
    const has = (ip: string): boolean => set.has(ipToBytes(ip));
    for (const ip of [
      '10.0.0.0',
      '10.255.255.255',
      '192.0.2.7',
      '2001:db8::',
      '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
      '0.0.0.0',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ]) {
      expect(has(ip), ip).toBe(true);
    }
    for (const ip of [
      '9.255.255.255',
      '11.0.0.0',
      '192.0.2.6',
      '192.0.2.8',
      '2001:db7:ffff::',
      '2001:db9::',
      '0.0.0.1',
      '::',
    ]) {
      expect(has(ip), ip).toBe(false);
    }
  });

  test('holds all of a family with prefix 0, and none of the other', () => {
    const all4 = new IpSet([parseCidr('0.0.0.0/0')]);
    const all6 = new IpSet([parseCidr('::/0')]);
    expect([all4.has(ipToBytes('255.255.255.255')), all4.has(ipToBytes('::1'))]).toEqual([true, false]);
    expect([all6.has(ipToBytes('::1')), all6.has(ipToBytes('1.2.3.4'))]).toEqual([true, false]);
  });

  test('takes 16 bytes of a mapped address for the IPv4 address', () => {
    const set = new IpSet([parseCidr('10.0.0.0/8')]);
    const mapped = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 1, 2, 3]);
    expect(set.has(mapped)).toBe(true);
  });

  test('does not hold what is no address', () => {
    expect(new IpSet([parseCidr('0.0.0.0/0'), parseCidr('::/0')]).has(Uint8Array.from([10, 0, 0]))).toBe(false);
  });
});
