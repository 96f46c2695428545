import { formatHostPort } from '@sluice/plugin-api';
import { describe, expect, it } from 'vitest';
import { DataCenters, isDataCenterId, type DataCenterAddresses } from './data-centers.js';

function addresses(id: number, overrides: DataCenterAddresses = {}): string[] {
  return new DataCenters(overrides).addresses(id).map(({ host, port }) => formatHostPort(host, port));
}

describe('data centres', () => {
  it.each([
    [1, ['149.154.175.50:443', '[2001:b28:f23d:f001::a]:443']],
    [2, ['149.154.167.51:443', '95.161.76.100:443', '[2001:67c:4e8:f002::a]:443']],
    [-2, ['149.154.167.222:443', '[2001:67c:4e8:f002::b]:443']],
    [-3, ['149.154.175.100:443', '[2001:b28:f23d:f003::a]:443']],
    [203, ['91.105.192.100:443', '[2a0a:f280:203:a:5000::100]:443']],
    [-203, ['91.105.192.100:443', '[2a0a:f280:203:a:5000::100]:443']],
    [10002, ['149.154.167.40:443', '[2001:67c:4e8:f002::e]:443']],
    [-10003, ['149.154.175.117:443', '[2001:b28:f23d:f003::e]:443']],
  ])('%i is where Telegram says', (id, expected) => {
    expect(addresses(id)).toEqual(expected);
  });

  it('knows 1 to 5, their media, 203 and the test ones', () => {
    for (const id of [1, 2, 3, 4, 5, -1, -2, -3, -4, -5, 203, -203, 10001, 10002, 10003, -10001])
      expect(addresses(id).length).toBeGreaterThan(1);
  });

  it.each([0, 6, -6, 10004, 20002, 32767, -32768])('%i is none', (id) => {
    expect(() => addresses(id)).toThrow(expect.objectContaining({ code: 'E_UNSUPPORTED' }));
  });

  it('can be overridden; media follow their data centre, test ones do not', () => {
    const overrides = { 2: ['127.0.0.1:8443', '[::1]:8443'] };
    expect(addresses(2, overrides)).toEqual(['127.0.0.1:8443', '[::1]:8443']);
    expect(addresses(-2, overrides)).toEqual(['127.0.0.1:8443', '[::1]:8443']);
    expect(addresses(10002, overrides)[0]).toBe('149.154.167.40:443');
    expect(addresses(4, overrides)[0]).toBe('149.154.167.91:443');
  });

  it('keeps media apart that are overridden themselves', () => {
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

  it.each([
    ['2', true],
    ['-2', true],
    ['203', true],
    ['-10002', true],
    ['32767', true],
    ['0', false],
    ['-0', false],
    ['', false],
    ['two', false],
    ['2.0', false],
    ['32768', false],
    ['-32769', false],
    ['02', false],
  ])('id "%s" is possible: %s', (text, expected) => expect(isDataCenterId(text)).toBe(expected));
});
