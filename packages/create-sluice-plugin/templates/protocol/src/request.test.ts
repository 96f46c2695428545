import { Buffer } from 'node:buffer';
import { destination, SluiceError } from '@sluice/plugin-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Password } from './request.js';

const password = new Password('a long password');

describe('a request', () => {
  it.each(['example.org', '192.0.2.1', '2001:db8::1'])('for %s is read back', (host) => {
    const to = destination('tcp', host, 443);
    expect(password.open(password.request(to))).toEqual(to);
  });

  it('that was made by another password, or for a path, is refused', () => {
    const line = password.request(destination('tcp', 'example.org', 443));
    expect(() => new Password('another password').open(line)).toThrow(expect.objectContaining({ code: 'E_AUTH' }));
    const path = Buffer.from(String(line).replace('example.org:443', '/run/x'));
    expect(() => password.open(path)).toThrow(expect.objectContaining({ code: 'E_ADDRESS_INVALID' }));
  });

  it('of any bytes is read or refused with a code, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          password.open(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(SluiceError);
        }
      }),
    );
  });
});
