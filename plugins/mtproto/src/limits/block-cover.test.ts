import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToIp } from '@sluice/plugin-api';
import { CidrSet } from '../address/cidr-set.js';
import { BlockCover } from './block-cover.js';

describe('BlockCover', () => {
  it.each([
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['10.0.0.0/8', '10.0.0.0/7', false],
    ['10.0.0.0/8', '11.0.0.0/9', false],
    ['0.0.0.0/0', '::/0', false],
    ['::/0', '10.0.0.0/8', false],
    ['2001:db8::/33', '2001:db8:7fff::/48', true],
    ['2001:db8::/33', '2001:db8:8000::/48', false],
    ['nonsense', '10.0.0.0/8', false],
    ['10.0.0.0/8', 'nonsense', false],
  ])('%s holds %s: %s', (block, of, expected) => {
    expect(new BlockCover([block]).holds(of)).toBe(expected);
  });

  it('agrees with look-ups of addresses', () => {
    const entry = fc
      .tuple(fc.constantFrom(4, 16), fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(128))
      // Few different bytes, so that blocks meet.
      .map(([length, bytes, prefix]) => {
        const address = bytesToIp(bytes.slice(0, length).map((byte) => byte & 0x81));
        return `${address}/${Math.min(prefix % 20, length * 8)}`;
      })
      .filter((text) => !text.startsWith('::ffff:'));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), entry, (entries, wanted) => {
        const [address = ''] = wanted.split('/');
        const held = new BlockCover(entries).holds(wanted);
        if (held) expect(new CidrSet(entries).has(address)).toBe(true);
        const host = `${address}/${address.includes(':') ? 128 : 32}`;
        expect(new BlockCover(entries).holds(host)).toBe(new CidrSet(entries).has(address));
      }),
    );
  });
});
