import { describe, expect, it } from 'vitest';
import { ip16, ip16Text, ipBytes } from './ip-address.js';

describe('IP addresses as the protocol writes them', () => {
  it.each([
    ['192.0.2.7', 'c0000207', '00000000000000000000ffffc0000207'],
    ['::ffff:192.0.2.7', 'c0000207', '00000000000000000000ffffc0000207'],
    ['::1', '00000000000000000000000000000001', '00000000000000000000000000000001'],
    ['::', '00000000000000000000000000000000', '00000000000000000000000000000000'],
    ['2001:db8::1:0:7', '20010db8000000000000000100000007', '20010db8000000000000000100000007'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008', '00010002000300040005000600070008'],
    ['64:ff9b::192.0.2.7', '0064ff9b0000000000000000c0000207', '0064ff9b0000000000000000c0000207'],
  ])('%s', (text, short, long) => {
    expect(ipBytes(text).toString('hex')).toBe(short);
    expect(ip16(text).toString('hex')).toBe(long);
    expect(ip16(ip16Text(ip16(text)))).toEqual(ip16(text));
  });

  it('come out as people write them', () => {
    expect(ip16Text(ip16('192.0.2.7'))).toBe('192.0.2.7');
    expect(ip16Text(ip16('2001:0db8:0:0:0:0:0:7'))).toBe('2001:db8::7');
  });

  it('are not host names', () => {
    expect(() => ipBytes('localhost')).toThrow(TypeError);
  });
});
