import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { destination, SluiceError } from '@sluice/plugin-api';
import { Mask } from './codec.js';
import { Password } from './request.js';

const password = new Password('a long password');

function through(mask: Mask, pieces: readonly Buffer[]): Buffer {
  const out: Buffer[] = [];
  for (const piece of pieces) mask.write(piece, (bytes) => void out.push(bytes));
  return Buffer.concat(out);
}

describe('Mask', () => {
  it('takes off what it has put on, however the stream is split', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
        const masked = through(new Mask(password.key), [Buffer.from(bytes)]);
        const pieces = [masked.subarray(0, cut), masked.subarray(cut)];
        expect(through(new Mask(password.key), pieces).equals(bytes)).toBe(true);
      }),
    );
  });
});

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
