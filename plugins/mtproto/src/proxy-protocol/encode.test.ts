import { describe, expect, it } from 'vitest';
import { encodeProxyHeader } from './encode.js';

const v4 = { address: '192.0.2.1', port: 56324 };
const v4Server = { address: '198.51.100.2', port: 443 };
const v6 = { address: '2001:db8::1', port: 56324 };
const v6Server = { address: '2001:db8:0:1::2', port: 443 };
const unix = { address: '/run/proxy.sock', port: 0 };

const signature = '0d0a0d0a000d0a515549540a';

describe('encodeProxyHeader, version 1', () => {
  it.each([
    [v4, v4Server, 'PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n'],
    [v6, v6Server, 'PROXY TCP6 2001:db8::1 2001:db8:0:1::2 56324 443\r\n'],
    [v4, v6Server, 'PROXY TCP6 ::ffff:c000:201 2001:db8:0:1::2 56324 443\r\n'],
    [v6, v4Server, 'PROXY TCP6 2001:db8::1 ::ffff:c633:6402 56324 443\r\n'],
    [{ address: '::ffff:192.0.2.1', port: 1 }, v4Server, 'PROXY TCP4 192.0.2.1 198.51.100.2 1 443\r\n'],
    [{ address: 'fe80::1%eth0', port: 1 }, v6Server, 'PROXY TCP6 fe80::1 2001:db8:0:1::2 1 443\r\n'],
    [unix, v4Server, 'PROXY UNKNOWN\r\n'],
    [v4, unix, 'PROXY UNKNOWN\r\n'],
    [{ address: '', port: 0 }, { address: '', port: 0 }, 'PROXY UNKNOWN\r\n'],
  ])('from %j to %j is %j', (source, destination, line) => {
    expect(encodeProxyHeader(1, source, destination).toString('latin1')).toBe(line);
  });
});

describe('encodeProxyHeader, version 2', () => {
  it.each([
    [v4, v4Server, '2111000c' + 'c0000201' + 'c6336402' + 'dc04' + '01bb'],
    [v6, v6Server, '21210024' + '20010db8000000000000000000000001' + '20010db8000000010000000000000002' + 'dc0401bb'],
    [v4, v6Server, '21210024' + '00000000000000000000ffffc0000201' + '20010db8000000010000000000000002' + 'dc0401bb'],
    [v6, v4Server, '21210024' + '20010db8000000000000000000000001' + '00000000000000000000ffffc6336402' + 'dc0401bb'],
    [unix, v4Server, '21000000'],
    [v6, unix, '21000000'],
  ])('from %j to %j is %s', (source, destination, rest) => {
    expect(encodeProxyHeader(2, source, destination).toString('hex')).toBe(signature + rest);
  });
});
