import { describe, expect, test } from 'vitest';
import { checkApi, servicesOf } from './check.js';
import { isLoopback, parseListenAddress } from './listen-address.js';
import type { ApiSettings } from './schema.js';

function problemsOf(settings: ApiSettings): string[] {
  const found: string[] = [];
  checkApi(settings, {
    error: (path, message) => found.push(`error ${path.join('.')}: ${message}`),
    warning: (path, message) => found.push(`warning ${path.join('.')}: ${message}`),
  });
  return found;
}

describe('the settings', () => {
  test.each<[string, ApiSettings, RegExp | undefined]>([
    ['a tag', { tag: 'api' }, undefined],
    ['an address of this machine', { listen: '127.0.0.1:10085' }, undefined],
    ['its name', { listen: 'localhost:10085' }, undefined],
    ['IPv6', { listen: '[::1]:10085' }, undefined],
    ['neither', {}, /^error : the API is not reachable/],
    ['an empty tag', { tag: '' }, /^error : the API is not reachable/],
    ['all addresses', { listen: '0.0.0.0:1' }, /^error listen: other machines reach this address/],
    ['all addresses of IPv6', { listen: '[::]:1' }, /^error listen: other machines/],
    ['another address, allowed', { listen: '192.0.2.1:1', allowRemote: true }, undefined],
    ['a name', { listen: 'example.org:1', allowRemote: true }, /^error listen: the address must be an IP/],
    ['no port', { listen: '127.0.0.1' }, /^error listen: the address has no port/],
    ['a wrong port', { listen: '127.0.0.1:70000' }, /^error listen: port 70000/],
    ['a Unix socket', { listen: '/run/api' }, /^error listen: the address must be an IP/],
    ['an unknown service', { tag: 'a', services: ['Stats'] }, /^warning services\.0: there is no such service/],
  ])('%s', (_name, settings, expected) => {
    const found = problemsOf(settings);
    if (expected === undefined) expect(found).toEqual([]);
    else expect(found).toEqual([expect.stringMatching(expected)]);
  });

  test('name services in any case, and each counts once', () => {
    const services = ['statsservice', 'STATSSERVICE', 'HandlerService', 'Other'];
    expect(servicesOf({ tag: 'a', services })).toEqual(['HandlerService', 'StatsService']);
  });
});

test.each([
  ['127.0.0.1:1', true],
  ['127.255.0.1:1', true],
  ['[::1]:1', true],
  ['localhost:1', true],
  ['128.0.0.1:1', false],
  ['[fe80::1]:1', false],
  ['0.0.0.0:1', false],
])('%s is of this machine alone: %s', (address, expected) => {
  expect(isLoopback(parseListenAddress(address))).toBe(expected);
});
