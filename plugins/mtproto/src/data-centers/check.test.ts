import { describe, expect, it } from 'vitest';
import type { AddressFamily } from './address-family.js';
import { checkDataCenters } from './check.js';

function check(dataCenters: Record<string, string[]>, addressFamily?: AddressFamily): string[] {
  const found: string[] = [];
  const report = (severity: string) => (path: readonly (string | number)[], message: string) =>
    void found.push(`${severity} ${path.join('.')}: ${message}`);
  const settings = addressFamily === undefined ? { dataCenters } : { dataCenters, addressFamily };
  checkDataCenters(settings, { error: report('error'), warning: report('warning') });
  return found;
}

describe('the check of data centres', () => {
  it.each(['prefer-ipv4', 'prefer-ipv6', undefined] as const)('is content with either family: %s', (mode) => {
    expect(check({ 2: ['127.0.0.1:443', '[::1]:443', 'dc.test:443'], '-2': ['dc.test:80'] }, mode)).toEqual([]);
  });

  it('finds addresses of the family that is not wanted', () => {
    const list = { 2: ['127.0.0.1:443', '[::1]:443', '[::ffff:127.0.0.1]:443'] };
    expect(check(list, 'only-ipv4')).toEqual([
      'error dataCenters.2.1: this is an IPv6 address, and "addressFamily" is "only-ipv4"',
    ]);
    expect(check(list, 'only-ipv6')).toEqual([
      'error dataCenters.2.0: this is an IPv4 address, and "addressFamily" is "only-ipv6"',
      'error dataCenters.2.2: this is an IPv4 address, and "addressFamily" is "only-ipv6"',
    ]);
  });

  it('warns of names that may be of either family where only one is wanted', () => {
    expect(check({ 203: ['dc.test:443'] }, 'only-ipv6')).toEqual([
      expect.stringMatching(/^warning dataCenters\.203\.0/),
    ]);
  });

  it('finds what is no address of a server', () => {
    expect(check({ 2: ['127.0.0.1'], 3: ['/run/dc.sock'], 4: [], five: ['[::1]:1'] })).toEqual([
      expect.stringMatching(/^error dataCenters\.2\.0: .*no port/),
      expect.stringMatching(/^error dataCenters\.3\.0: .*TCP/),
      expect.stringMatching(/^error dataCenters\.4: .*at least one/),
      expect.stringMatching(/^error dataCenters\.five: not the id/),
    ]);
  });
});
