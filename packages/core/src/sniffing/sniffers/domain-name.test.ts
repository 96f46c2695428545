import fc from 'fast-check';
import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { domainName } from './domain-name.js';

describe('domainName', () => {
  it.each([
    ['example.com', 'example.com'],
    ['WWW.Example.COM.', 'www.example.com'],
    ['localhost', 'localhost'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['_dmarc.a-b.r3---sn-4g5e.example', '_dmarc.a-b.r3---sn-4g5e.example'],
    ['4.example', '4.example'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ])('takes %s', (text, name) => {
    expect(domainName(text)).toBe(name);
  });

  it.each([
    '',
    '.',
    '..',
    'a..b',
    '.example.com',
    'example.com..',
    'exa mple.com',
    'example.com:443',
    'exämple.com',
    'a/b',
    'a\0b',
    'a\nb',
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    'example.0x7f',
    '2130706433',
    '::1',
    '[::1]',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(126)}ab`,
  ])('has no name in %j', (text) => {
    expect(domainName(text)).toBeUndefined();
  });

  it('gives nothing that is an address, and nothing that it would not give again', () => {
    const texts = fc.oneof(fc.string({ unit: 'grapheme' }), fc.domain(), fc.ipV4(), fc.ipV4Extended(), fc.ipV6());
    fc.assert(
      fc.property(texts, (text) => {
        const name = domainName(text);
        if (name === undefined) return;
        expect(isIP(name)).toBe(0);
        expect(domainName(name)).toBe(name);
      }),
    );
    fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6()), (text) => domainName(text) === undefined));
    // Ends in letters, always.
    const domains = fc.domain().filter((text) => text.length <= 253);
    fc.assert(fc.property(domains, (text) => domainName(text) === text.toLowerCase()));
  });
});
