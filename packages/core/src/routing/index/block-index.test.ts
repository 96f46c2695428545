import { bytesToIp, parseCidr, type Cidr } from '@sluice/plugin-api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IpSet } from '../matchers/ip-set.js';
import { BlockIndex } from './block-index.js';
import { RuleBits } from './rule-bits.js';

// Few distinct bytes, so that blocks nest and addresses fall on their edges.
const byte = fc.constantFrom(0, 1, 127, 128, 254, 255);
const address = fc.oneof(
  fc.array(byte, { minLength: 4, maxLength: 4 }).map((bytes) => Uint8Array.from(bytes)),
  fc.array(byte, { minLength: 16, maxLength: 16 }).map((bytes) => Uint8Array.from(bytes)),
);
const block = fc.tuple(address, fc.nat(128)).map(([bytes, bits]) => {
  const ip = bytesToIp(bytes);
  return parseCidr(`${ip}/${Math.min(bits, ip.includes(':') ? 128 : 32)}`);
});

test('finds the rules whose set of blocks has an address, each of them and no other', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(block, { maxLength: 8 }), { maxLength: 40 }),
      fc.array(address, { minLength: 1, maxLength: 20 }),
      (rules, asked) => {
        const index = new BlockIndex(rules.length);
        // Each second rule has the set of the one before too.
        const setsOf = (rule: number): Cidr[][] => rules.slice(rule - (rule % 2), rule + 1);
        rules.forEach((_, rule) => index.add(setsOf(rule), rule));
        index.complete();
        const sets = rules.map((_, rule) => new IpSet(setsOf(rule).flat()));
        for (const ip of asked) {
          const found = new RuleBits(rules.length);
          index.mark(ip, found);
          expect(
            rules.map((_, rule) => found.has(rule)),
            bytesToIp(ip),
          ).toEqual(sets.map((set) => set.has(ip)));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('takes nothing but IPs', () => {
  const index = new BlockIndex(1);
  index.add([[parseCidr('0.0.0.0/0')], [parseCidr('::/0')]], 0);
  index.complete();
  const has = (text: string): boolean => {
    const found = new RuleBits(1);
    index.markText(text, found);
    return found.has(0);
  };
  expect(['/run/a.sock', '', '1.2.3.4', '::1', 'fe80::1%eth0'].map(has)).toEqual([false, false, true, true, true]);
});
