import { createHash, createPublicKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encryptIge, xor } from './ige.js';
import { fingerprintOf, makeDcKey } from './rsa-key.js';
import { openRsaPadding } from './rsa-padding.js';

const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const sha1 = (data: Uint8Array): Buffer => createHash('sha1').update(data).digest();
const data = fc.uint8Array({ minLength: 1, maxLength: 144 });

/** As a client pads, without the RSA around it. */
function padNew(bytes: Uint8Array): Buffer {
  const padded = Buffer.concat([bytes, randomBytes(192 - bytes.length)]);
  const key = randomBytes(32);
  const withHash = Buffer.concat([Buffer.from(padded).reverse(), sha256(key, padded)]);
  const sealed = encryptIge(key, Buffer.alloc(32), withHash);
  return Buffer.concat([xor(key, sha256(sealed)), sealed]);
}

function padOld(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.alloc(1), sha1(bytes), bytes, randomBytes(235 - bytes.length)]);
}

describe('RSA padding', () => {
  it.each([
    ['rsa-pad', padNew],
    ['sha1', padOld],
  ] as const)('of the kind %s comes off', (kind, pad) => {
    fc.assert(
      fc.property(data, (bytes) => {
        const opened = openRsaPadding(pad(bytes), () => bytes.length);
        expect(opened?.padding).toBe(kind);
        expect(opened?.data.subarray(0, bytes.length)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each([
    ['rsa-pad', padNew, 256],
    ['sha1', padOld, 30],
  ] as const)('of the kind %s does not after a change', (_kind, pad, reach) => {
    fc.assert(
      fc.property(fc.nat(reach - 1), (at) => {
        const block = pad(Buffer.from('ten bytes.'));
        block[at] = (block[at] ?? 0) ^ 0x40;
        expect(openRsaPadding(block, () => 10)).toBeUndefined();
      }),
    );
  });

  it('is neither when the object in it cannot be read', () => {
    const fail = (): number => {
      throw new RangeError('the end');
    };
    expect(openRsaPadding(padOld(Buffer.from('bytes')), fail)).toBeUndefined();
    expect(openRsaPadding(Buffer.alloc(255), () => 1)).toBeUndefined();
  });
});

describe('the key of a data centre', () => {
  it('has the fingerprint that clients compute', () => {
    // One of Telegram's own, as its clients list it.
    const known = createPublicKey(`-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAwVACPi9w23mF3tBkdZz+zwrzKOaaQdr01vAbU4E1pvkfj4sqDsm6
lyDONS789sVoD/xCS9Y0hkkC3gtL1tSfTlgCMOOul9lcixlEKzwKENj1Yz/s7daS
an9tqw3bfUV/nqgbhGX81v/+7RFAEd+RwFnK7a+XYl9sluzHRyVVaTTveB2GazTw
Efzk2DWgkBluml8OREmvfraX3bkHZJTKX4EQSjBbbdJ2ZXIsRrYOXfaA+xayEGB+
8hdlLmAjbCVfaigxX0CDqWeR1yFL9kwd9P0NsZRPsmoqVwMbMu7mStFai6aIhc3n
Slv8kg9qv1m6XHVQY3PnEw+QQtqSIXklHwIDAQAB
-----END RSA PUBLIC KEY-----`);
    expect(fingerprintOf(known).toString(16)).toBe('c3b42b026ce86b21');
    const made = makeDcKey();
    expect(fingerprintOf(createPublicKey(made.publicKey))).toBe(made.fingerprint);
    expect(made.fingerprint.toString(16)).toHaveLength(16);
  });
});
