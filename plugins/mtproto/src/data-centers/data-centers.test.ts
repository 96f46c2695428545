import { destination, formatHostPort, SluiceError } from '@sluice/plugin-api';
import { describe, expect, it } from 'vitest';
import type { AddressFamily } from './address-family.js';
import { DataCenters } from './data-centers.js';
import type { DataCenterAddresses } from './overrides.js';
import { telegramIds } from './telegram-addresses.js';

function addresses(id: number, overrides: DataCenterAddresses = {}, family?: AddressFamily): string[] {
  return new DataCenters(overrides, family).addresses(id).map(({ host, port }) => formatHostPort(host, port));
}

const modes = ['prefer-ipv4', 'prefer-ipv6', 'only-ipv4', 'only-ipv6'] as const;

describe('data centres', () => {
  it.each([
    [1, ['149.154.175.50:443', '[2001:b28:f23d:f001::a]:443']],
    [2, ['149.154.167.51:443', '[2001:67c:4e8:f002::a]:443', '95.161.76.100:443']],
    [-1, ['149.154.175.50:443', '[2001:b28:f23d:f001::a]:443']],
    [-2, ['149.154.167.222:443', '[2001:67c:4e8:f002::b]:443', '149.154.167.151:443', '149.154.167.51:443']],
    [-3, ['149.154.175.100:443', '[2001:b28:f23d:f003::a]:443']],
    [-4, ['149.154.166.120:443', '[2001:67c:4e8:f004::b]:443', '149.154.164.250:443', '149.154.167.91:443']],
    [5, ['149.154.171.5:443', '[2001:b28:f23f:f005::a]:443']],
    [203, ['91.105.192.100:443', '[2a0a:f280:203:a:5000::100]:443']],
    [-203, ['91.105.192.100:443', '[2a0a:f280:203:a:5000::100]:443']],
    [10002, ['149.154.167.40:443', '[2001:67c:4e8:f002::e]:443']],
    [-10003, ['149.154.175.117:443', '[2001:b28:f23d:f003::e]:443']],
  ])('%i is where Telegram says', (id, expected) => {
    expect(addresses(id).slice(0, expected.length)).toEqual(expected);
  });

  it('knows 1 to 5, their media, 203 and the test ones', () => {
    for (const id of [1, 2, 3, 4, 5, -1, -2, -3, -4, -5, 203, -203, 10001, 10002, 10003, -10001])
      expect(addresses(id).length).toBeGreaterThan(1);
  });

  it.each([0, 6, -6, 10004, 20002, 32767, -32768])('%i is none', (id) => {
    expect(() => addresses(id)).toThrow(expect.objectContaining({ code: 'E_UNSUPPORTED' }));
  });

  it('tries other ports when nothing else is left', () => {
    expect(addresses(4)).toEqual([
      '149.154.167.91:443',
      '[2001:67c:4e8:f004::a]:443',
      '149.154.167.91:80',
      '[2001:67c:4e8:f004::a]:80',
      '149.154.167.91:5222',
      '[2001:67c:4e8:f004::a]:5222',
    ]);
  });

  it.each(modes)(
    'has at most eight addresses for every id, none twice, and of the family that is wanted: %s',
    (mode) => {
      for (const id of telegramIds.flatMap((each) => [each, -each])) {
        const { length } = addresses(id, {}, mode);
        expect(length).toBeGreaterThan(0);
        expect(length).toBeLessThanOrEqual(8);
        expect(new Set(addresses(id, {}, mode)).size).toBe(length);
        for (const address of addresses(id, {}, mode)) {
          if (mode === 'only-ipv4') expect(address).not.toContain('[');
          if (mode === 'only-ipv6') expect(address).toContain('[');
        }
        expect(addresses(id, {}, mode)[0]?.startsWith('[')).toBe(mode.endsWith('ipv6'));
      }
    },
  );
});

describe('overridden data centres', () => {
  it('have media that follow, while test ones do not', () => {
    const overrides = { 2: ['127.0.0.1:8443', '[::1]:8443'] };
    expect(addresses(2, overrides)).toEqual(['127.0.0.1:8443', '[::1]:8443']);
    expect(addresses(-2, overrides)).toEqual(['127.0.0.1:8443', '[::1]:8443']);
    expect(addresses(10002, overrides)[0]).toBe('149.154.167.40:443');
    expect(addresses(4, overrides)[0]).toBe('149.154.167.91:443');
  });

  it('are apart from media that are overridden themselves', () => {
    const overrides = {
      '2': ['127.0.0.1:1'],
      '-2': ['127.0.0.1:2'],
      '-4': ['127.0.0.1:3'],
      '10002': ['dc.test:4'],
      '77': ['127.0.0.1:5'],
    };
    expect(addresses(-2, overrides)).toEqual(['127.0.0.1:2']);
    expect(addresses(-4, overrides)).toEqual(['127.0.0.1:3']);
    expect(addresses(4, overrides)[0]).toBe('149.154.167.91:443');
    expect(addresses(-10002, overrides)).toEqual(['dc.test:4']);
    expect(addresses(77, overrides)).toEqual(['127.0.0.1:5']);
  });

  it.each(['prefer-ipv4', 'prefer-ipv6'] as const)('keep their order: %s', (mode) => {
    const list = ['127.0.0.1:1', '127.0.0.2:1', '[::1]:1', 'dc.test:1', '127.0.0.3:1'];
    expect(addresses(2, { 2: list }, mode)).toEqual(list);
  });

  it.each([
    ['only-ipv4', '[::1]:443'],
    ['only-ipv6', '127.0.0.1:443'],
    ['prefer-ipv4', '127.0.0.1'],
    ['prefer-ipv4', '/run/dc.sock'],
    ['prefer-ipv4', '@dc'],
  ] as const)('with %s cannot be at %s', (mode, address) => {
    expect(() => new DataCenters({ 2: [address] }, mode)).toThrow(
      expect.objectContaining({ code: 'E_ADDRESS_INVALID' }),
    );
  });

  it('share what is known of an address, in whichever list it is', () => {
    const dataCenters = new DataCenters({ 2: ['127.0.0.1:1', '127.0.0.1:2'], 4: ['127.0.0.1:1', '127.0.0.1:3'] });
    const [first] = dataCenters.addresses(2);
    dataCenters.health.failed(first, new SluiceError('E_DIAL_REFUSED', 'refused'));
    expect(dataCenters.addresses(4).map(({ port }) => port)).toEqual([3, 1]);
    expect(dataCenters.addresses(-2).map(({ port }) => port)).toEqual([2, 1]);
    dataCenters.health.failed(destination('tcp', '127.0.0.1', 9), new SluiceError('E_DIAL_REFUSED', 'refused'));
    expect(dataCenters.health.resting).toBe(1);
  });
});
