import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSecret, hostNameOf, newSecret, parseSecret, type Secret } from './secret.js';

const hex = 'b0cbcef5a486d9636472ac27f8e11a9d';
const key = Buffer.from(hex, 'hex');
const google = Buffer.from('google.com').toString('hex');

const keys = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes));
const label = fc.stringMatching(/^[a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9_])?$/);
const domains = fc
  .array(label, { minLength: 1, maxLength: 12 })
  .map((labels) => labels.join('.'))
  .filter((name) => hostNameOf(name) !== undefined);
const secrets: fc.Arbitrary<Secret> = fc.oneof(
  fc.record({ mode: fc.constantFrom('plain' as const, 'padded' as const), key: keys }),
  fc.record({ mode: fc.constant('tls' as const), key: keys, domain: domains }),
);

describe('a secret', () => {
  it.each([
    [hex, 'plain'],
    [hex.toUpperCase(), 'plain'],
    [`dd${hex}`, 'padded'],
    [`DD${hex}`, 'padded'],
    // Plain, though it begins like the other kinds.
    [`dd${hex.slice(2)}`, 'plain'],
    [`ee${hex.slice(2)}`, 'plain'],
  ])('%s is %s', (text, mode) => {
    expect(parseSecret(text)).toEqual({ mode, key: Buffer.from(text.slice(-32), 'hex') });
  });

  // As these programs print them, made with this key.
  it.each([
    ['mtg, base64url', '7rDLzvWkhtljZHKsJ_jhGp1nb29nbGUuY29t', 'tls', 'google.com'],
    ['mtg, hexadecimal', `ee${hex}${google}`, 'tls', 'google.com'],
    ['mtprotoproxy, classic', hex, 'plain', undefined],
    ['mtprotoproxy, secure', `dd${hex}`, 'padded', undefined],
    ['mtprotoproxy, TLS', `ee${hex}${google}`, 'tls', 'google.com'],
    ['MTProxy, padded', `dd${hex}`, 'padded', undefined],
    ['MTProxy, TLS', `EE${hex.toUpperCase()}${google.toUpperCase()}`, 'tls', 'google.com'],
    ['base64', '7rDLzvWkhtljZHKsJ/jhGp1nb29nbGUuY29t', 'tls', 'google.com'],
    ['base64, padded', '3bDLzvWkhtljZHKsJ/jhGp0=', 'padded', undefined],
    ['base64url, not padded', '3bDLzvWkhtljZHKsJ_jhGp0', 'padded', undefined],
    ['base64, plain', 'sMvO9aSG2WNkcqwn+OEanQ==', 'plain', undefined],
    ['base64url, plain', 'sMvO9aSG2WNkcqwn-OEanQ', 'plain', undefined],
  ])('of %s is read', (_, text, mode, domain) => {
    expect(parseSecret(text)).toEqual({ mode, key, ...(domain === undefined ? {} : { domain }) });
  });

  it('names its domain in lower case', () => {
    expect(parseSecret(`ee${hex}${Buffer.from('WWW.Example.ORG').toString('hex')}`)).toEqual({
      mode: 'tls',
      key,
      domain: 'www.example.org',
    });
  });

  it.each([
    ['', /empty/],
    [hex.slice(1), /has 31/],
    [`${hex}00`, /has 34/],
    [`dd${hex}00`, /has 36/],
    [`${hex.slice(1)}g`, /read as base64.*24 bytes/],
    [`${hex.slice(1)} `, /none of them/],
    ['sMvO9aSG2WNkcqwn+OEa_Q', /none of them/],
    // Bits behind the last byte, and padding that does not fit.
    ['sMvO9aSG2WNkcqwn-OEanR', /none of them/],
    ['sMvO9aSG2WNkcqwn-OEanQ=', /none of them/],
    ['7rDLzvWkhtljZHKsJ_jhGp0', /fake TLS.*has none/],
    [`ee${hex}`, /fake TLS.*has none/],
    [`ee${hex}676f6f676c652e636f6`, /fake TLS.*even number/],
    [`ee${hex}${Buffer.from(`${'a.'.repeat(91)}a`).toString('hex')}`, /fake TLS.*182 bytes.*183/],
    [`ee${hex}00`, /fake TLS.*not a host name/],
    [`ee${hex}${Buffer.from('bücher.example').toString('hex')}`, /fake TLS.*not a host name/],
    [`ee${hex}${Buffer.from('127.0.0.1').toString('hex')}`, /fake TLS.*not a host name/],
    [`ee${hex}${Buffer.from('a..b').toString('hex')}`, /fake TLS.*not a host name/],
    ['ee'.repeat(1000), /longer than any/],
  ])('"%s" is refused, without being repeated', (text, reason) => {
    const answer = parseSecret(text);
    expect(answer).toMatch(reason);
    if (text !== '') expect(answer).not.toContain(text.slice(2, 20));
  });

  it('may have a domain of 182 bytes', () => {
    const domain = `${'a.'.repeat(90)}aa`;
    expect(domain).toHaveLength(182);
    expect(parseSecret(`ee${hex}${Buffer.from(domain).toString('hex')}`)).toMatchObject({ mode: 'tls', domain });
  });

  it('is read as it was written, in every encoding', () => {
    fc.assert(
      fc.property(secrets, (secret) => {
        const base64url = formatSecret(secret, 'base64url');
        const base64 = Buffer.from(base64url, 'base64url').toString('base64');
        const forms = [formatSecret(secret), formatSecret(secret).toUpperCase(), base64url, base64];
        for (const text of [...forms, base64.replaceAll('=', ''), base64url.padEnd(base64.length, '=')])
          expect(parseSecret(text)).toEqual(secret);
      }),
    );
  });

  it('can be any text without harm, and what is taken can be written again', () => {
    const nearly = fc.stringMatching(/^(dd|ee|3d|7|)[0-9a-zA-Z+/_=-]{0,60}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearly), (text) => {
        const answer = parseSecret(text);
        if (typeof answer !== 'string') expect(parseSecret(formatSecret(answer))).toEqual(answer);
        else if (text.length > 8) expect(answer).not.toContain(text);
      }),
      { numRuns: 200 },
    );
  });

  it('is random when new', () => {
    expect(formatSecret(newSecret('plain'))).toMatch(/^[0-9a-f]{32}$/);
    expect(formatSecret(newSecret('padded'))).toMatch(/^dd[0-9a-f]{32}$/);
    expect(formatSecret(newSecret('tls', 'Google.com'))).toMatch(new RegExp(`^ee[0-9a-f]{32}${google}$`));
    expect(formatSecret(newSecret('plain'))).not.toBe(formatSecret(newSecret('plain')));
  });

  it.each([undefined, '', 'a b', '127.0.0.1', '::1', 'a..b', '-a.b', `${'a'.repeat(64)}.b`, 'a.'.repeat(92)])(
    'is not made for the domain %j',
    (domain) => {
      expect(() => newSecret('tls', domain)).toThrow(expect.objectContaining({ code: 'E_ADDRESS_INVALID' }));
    },
  );
});
