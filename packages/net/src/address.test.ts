import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { bytesToIp, destination, formatDestination, ipToBytes, parseCidr, parseDestination } from './index.js';

describe('destination', () => {
  it.each([
    ['example.ORG', 'domain', 'example.org'],
    ['1.2.3.4', 'ipv4', '1.2.3.4'],
    ['[::1]', 'ipv6', '::1'],
    ['::ffff:1.2.3.4', 'ipv4', '1.2.3.4'],
    ['/run/x.sock', 'unix', '/run/x.sock'],
  ])('%s is a %s', (text, type, host) => {
    expect(destination('tcp', text, 1)).toEqual({ network: 'tcp', type, host, port: 1 });
  });

  it.each(['', 'a b', 'a\0b', 'a/b', 'a\r\nb', 'x'.repeat(256), '[::1', 'user@host'])('refuses the host %j', (host) => {
    expect(() => destination('tcp', host, 80)).toThrow(expect.objectContaining({ code: 'E_ADDRESS_INVALID' }));
  });

  it.each([-1, 65536, 1.5, Number.NaN])('refuses port %d', (port) => {
    expect(() => destination('tcp', 'a', port)).toThrow(expect.objectContaining({ code: 'E_ADDRESS_INVALID' }));
  });

  it.each(['a', 'a:', 'a:x', '::1:80', 'a:123456', ':'])('refuses %j as host:port', (text) => {
    expect(() => parseDestination('tcp', text)).toThrow(expect.objectContaining({ code: 'E_ADDRESS_INVALID' }));
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), fc.integer({ min: 0, max: 65535 }), (host, port) => {
        const to = destination('udp', host, port);
        expect(parseDestination('udp', formatDestination(to).slice('udp:'.length))).toEqual(to);
      }),
    );
  });
});

describe('IP bytes', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
        (bytes) => {
          const again = ipToBytes(bytesToIp(bytes));
          const mapped = bytes.length === 16 && bytes.subarray(0, 12).every((b, i) => b === (i < 10 ? 0 : 0xff));
          expect(again).toEqual(mapped ? bytes.slice(12) : bytes);
        },
      ),
    );
  });

  it('of a CIDR have no host bits', () => {
    expect(parseCidr('10.255.255.255/9')).toEqual({ bytes: Uint8Array.from([10, 128, 0, 0]), prefix: 9 });
    expect(parseCidr('1.2.3.4')).toEqual({ bytes: Uint8Array.from([1, 2, 3, 4]), prefix: 32 });
    expect(parseCidr('fe80::1/10').prefix).toBe(10);
  });

  it.each(['', '1.2.3', '1.2.3.4/33', '1.2.3.4/-1', '::/129', 'x', '1.2.3.4/'])('refuse %j', (text) => {
    expect(() => parseCidr(text)).toThrow(expect.objectContaining({ code: 'E_ADDRESS_INVALID' }));
  });
});
