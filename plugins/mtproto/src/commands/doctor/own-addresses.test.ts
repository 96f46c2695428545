import { describe, expect, it } from 'vitest';
import { OwnAddresses } from './own-addresses.js';

describe('the addresses of this machine', () => {
  it('are those of its interfaces and what is said of it', () => {
    const own = new OwnAddresses(['203.0.113.7'], ['10.0.0.2', 'fe80::1%eth0', '2001:DB8::1']);
    for (const address of ['203.0.113.7', '::ffff:203.0.113.7', '10.0.0.2', 'fe80::1', '2001:db8:0::1'])
      expect(own.has(address)).toBe(true);
    for (const address of ['203.0.113.8', '::1', 'localhost', '']) expect(own.has(address)).toBe(false);
  });

  it.each([
    ['10.1.2.3', false],
    ['172.16.0.1', false],
    ['172.31.255.1', false],
    ['172.32.0.1', true],
    ['192.168.1.1', false],
    ['192.169.1.1', true],
    ['100.64.0.1', false],
    ['100.128.0.1', true],
    ['169.254.1.1', false],
    ['127.0.0.1', false],
    ['::1', false],
    ['fe80::1', false],
    ['fd00::1', false],
    ['2001:db8::1', true],
    ['203.0.113.7', true],
  ])('%s is public: %s', (address, expected) => {
    expect(new OwnAddresses([], [address]).hasPublic).toBe(expected);
  });

  it('are public where the operator says what clients use', () => {
    expect(new OwnAddresses(['10.0.0.1'], []).hasPublic).toBe(true);
  });

  it('are asked of the system', () => {
    expect(new OwnAddresses([]).has('127.0.0.1')).toBe(true);
  });
});
