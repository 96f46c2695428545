import { bytesToIp, ipToBytes, SluiceError } from '@sluice/plugin-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCidrs, CidrSet, cidrProblem } from './cidr-set.js';

/** Bit by bit: slow and plain. @param block as it is written, unmapped */
function naive(blocks: readonly { readonly bytes: Uint8Array; readonly prefix: number }[], ip: Uint8Array): boolean {
  const wanted = ipToBytes(bytesToIp(ip));
  const bit = (bytes: Uint8Array, i: number): number => (bytes[i >> 3]! >> (7 - (i & 7))) & 1;
  return blocks.some(({ bytes, prefix }) => {
    if (bytes.length !== wanted.length) return false;
    for (let i = 0; i < prefix; i += 1) if (bit(bytes, i) !== bit(wanted, i)) return false;
    return true;
  });
}

// Few distinct bytes, so that blocks hold one another and addresses fall on their edges.
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
  const plain = ipToBytes(bytesToIp(bytes));
  const prefix = Math.min(bits, plain.length * 8);
  return { text: `${bytesToIp(bytes)}/${prefix}`, bytes: plain, prefix };
});

describe('CidrSet', () => {
  it('answers as the naive search does, for text and for bytes', () => {
    fc.assert(
      fc.property(
        fc.array(block, { maxLength: 30 }),
        fc.array(address, { minLength: 1, maxLength: 20 }),
        (blocks, asked) => {
          const set = new CidrSet(blocks.map(({ text }) => text));
          for (const ip of asked) {
            expect(set.hasBytes(ip), bytesToIp(ip)).toBe(naive(blocks, ip));
            expect(set.has(bytesToIp(ip)), bytesToIp(ip)).toBe(naive(blocks, ip));
          }
          // The first address of each block is in it.
          for (const { text } of blocks) expect(set.has(text.slice(0, text.indexOf('/'))), text).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('holds the first and the last address of each block and not their neighbours', () => {
    const set = new CidrSet(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '0.0.0.0/32', 'ffff::/16', '224.0.0.0/3']);
    const inside = ['10.0.0.0', '10.255.255.255', '192.0.2.7', '2001:db8::', '0.0.0.0', '224.0.0.0', '255.255.255.255'];
    const last = ['2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'];
    for (const ip of [...inside, ...last]) expect(set.has(ip), ip).toBe(true);
    const outside = ['9.255.255.255', '11.0.0.0', '192.0.2.6', '192.0.2.8', '0.0.0.1', '223.255.255.255'];
    const outside6 = ['2001:db7:ffff::', '2001:db9::', '::', 'fffe:ffff::'];
    for (const ip of [...outside, ...outside6]) expect(set.has(ip), ip).toBe(false);
  });

  it('holds all of a family with prefix 0, and none of the other', () => {
    const all4 = new CidrSet(['0.0.0.0/0']);
    const all6 = new CidrSet(['::/0']);
    expect([all4.has('255.255.255.255'), all4.has('::1')]).toEqual([true, false]);
    expect([all6.has('::1'), all6.has('1.2.3.4')]).toEqual([true, false]);
  });

  it('takes a mapped address or block for the IPv4 one', () => {
    expect(new CidrSet(['10.0.0.0/8']).has('::ffff:10.1.2.3')).toBe(true);
    expect(new CidrSet(['10.0.0.0/8']).has('::ffff:a01:203')).toBe(true);
    const mapped = new CidrSet(['::ffff:10.0.0.0/104']);
    expect([mapped.has('10.255.0.1'), mapped.has('11.0.0.1'), mapped.has('::10.0.0.1')]).toEqual([true, false, false]);
    expect(new CidrSet(['::ffff:0:0/96']).has('203.0.113.9')).toBe(true);
    expect(new CidrSet(['::ffff:1.2.3.4']).has('1.2.3.4')).toBe(true);
  });

  it('does not hold what is no address', () => {
    const all = new CidrSet(['0.0.0.0/0', '::/0']);
    for (const text of [
      '',
      '/run/proxy.sock',
      '@proxy',
      'localhost',
      '1.2.3',
      '1.2.3.4.5',
      'fe80::1%eth0',
      '::1/128',
    ]) {
      expect(all.has(text), text).toBe(false);
    }
    expect(all.hasBytes(Uint8Array.from([10, 0, 0]))).toBe(false);
  });

  it('knows when it is empty', () => {
    expect([new CidrSet([]).isEmpty, new CidrSet(['::1']).isEmpty, new CidrSet(['1.1.1.1']).isEmpty]).toEqual([
      true,
      false,
      false,
    ]);
    expect(new CidrSet([]).has('1.1.1.1')).toBe(false);
  });

  it('refuses what it cannot read', () => {
    expect(() => new CidrSet(['10.0.0.0/8', 'here'])).toThrow(SluiceError);
    expect(() => new CidrSet(['here'])).toThrow(expect.objectContaining({ code: 'E_ADDRESS_INVALID' }) as Error);
  });
});

describe('cidrProblem', () => {
  it.each([
    ['10.0.0.0/8', undefined],
    ['::/0', undefined],
    ['::ffff:10.0.0.0/96', undefined],
    ['localhost', '"localhost" is neither an IP address nor a block of them, such as 192.0.2.0/24 or 2001:db8::/32'],
    ['', '"" is neither an IP address nor a block of them, such as 192.0.2.0/24 or 2001:db8::/32'],
    ['10.0.0.0/33', '"10.0.0.0/33": what follows the slash must be a number from 0 to 32'],
    ['10.0.0.0/', '"10.0.0.0/": what follows the slash must be a number from 0 to 32'],
    ['10.0.0.0/-1', '"10.0.0.0/-1": what follows the slash must be a number from 0 to 32'],
    ['10.0.0.0/8/8', '"10.0.0.0/8/8": what follows the slash must be a number from 0 to 32'],
    ['::1/129', '"::1/129": what follows the slash must be a number from 0 to 128'],
    ['::ffff:1.2.3.4/32', '"::ffff:1.2.3.4/32": what follows the slash must be a number from 96 to 128'],
  ])('says of %j: %j', (text, problem) => {
    expect(cidrProblem(text)).toBe(problem);
  });

  it.each(['10.1', '010.0.0.1', 'fe80::1%eth0', '1.2.3.4 ', '0x7f000001'])('does not take %j', (text) => {
    expect(cidrProblem(text)).toMatch(/is neither an IP address/);
  });

  it('shows the beginning only of what is long', () => {
    expect(cidrProblem('x'.repeat(1000))).toHaveLength(
      '"" is neither an IP address nor a block of them, such as 192.0.2.0/24 or 2001:db8::/32'.length + 65,
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const problem = cidrProblem(text);
        if (problem === undefined) expect(() => new CidrSet([text])).not.toThrow();
        else expect(() => new CidrSet([text])).toThrow(problem);
      }),
    );
  });
});

it('checkCidrs reports each block at its place, and warns of one that means more than it says', () => {
  const found: string[] = [];
  const report =
    (kind: string) =>
    (path: readonly (string | number)[], message: string): void => {
      found.push(`${kind} ${path.join('.')}: ${message}`);
    };
  checkCidrs(['10.0.0.0/8', 'x', '10.1.2.3/8', '2001:db8::1/64', '::1'], ['proxyProtocol', 'from'], {
    error: report('error'),
    warning: report('warning'),
  });
  expect(found).toEqual([
    'error proxyProtocol.from.1: "x" is neither an IP address nor a block of them, such as 192.0.2.0/24 or 2001:db8::/32',
    'warning proxyProtocol.from.2: "10.1.2.3/8" names an address inside the block: all of the block is meant, not that address alone',
    'warning proxyProtocol.from.3: "2001:db8::1/64" names an address inside the block: all of the block is meant, not that address alone',
  ]);
});
