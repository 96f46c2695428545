import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSecret, newSecret, parseSecret } from './secret.js';

describe('a secret', () => {
  const hex = 'b0cbcef5a486d9636472ac27f8e11a9d';

  it.each([
    [hex, 'plain'],
    [hex.toUpperCase(), 'plain'],
    [`dd${hex}`, 'padded'],
    [`DD${hex}`, 'padded'],
    // Plain, though it begins like the other kinds.
    [`dd${hex.slice(2)}`, 'plain'],
    [`ee${hex.slice(2)}`, 'plain'],
  ])('%s is %s', (text, mode) => {
    const secret = parseSecret(text);
    expect(secret).toEqual({ mode, key: Buffer.from(text.slice(-32), 'hex') });
  });

  it.each([
    ['', /32 hexadecimal digits.* has 0/],
    [hex.slice(1), /has 31/],
    [`${hex}00`, /has 34/],
    [`dd${hex}00`, /has 36/],
    [`${hex.slice(1)}g`, /written in hexadecimal digits/],
    [`ee${hex}676f6f676c652e636f6d`, /fake TLS.*not supported yet/],
    [`ee${hex}`, /fake TLS/],
  ])('"%s" is refused, without being repeated', (text, reason) => {
    const answer = parseSecret(text);
    expect(answer).toMatch(reason);
    if (text !== '') expect(answer).not.toContain(text.slice(2, 20));
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.constantFrom('plain' as const, 'padded' as const),
        (key, mode) => {
          const secret = { mode, key: Buffer.from(key) };
          expect(parseSecret(formatSecret(secret))).toEqual(secret);
        },
      ),
    );
  });

  it('is random when new', () => {
    expect(formatSecret(newSecret('plain'))).toMatch(/^[0-9a-f]{32}$/);
    expect(formatSecret(newSecret('padded'))).toMatch(/^dd[0-9a-f]{32}$/);
    expect(formatSecret(newSecret('plain'))).not.toBe(formatSecret(newSecret('plain')));
  });
});
