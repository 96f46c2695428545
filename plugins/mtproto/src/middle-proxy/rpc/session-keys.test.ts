import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyAndIv, keyMaterial, sessionCiphers, type KeySource } from './session-keys.js';

const source: KeySource = {
  secret: Buffer.alloc(128, 0x53),
  ours: { nonce: Buffer.alloc(16, 0xc1), time: 0x01020304 },
  theirs: { nonce: Buffer.alloc(16, 0xe2), time: 0x01020305 },
  us: { address: '10.1.2.3', port: 0x1122 },
  server: { address: '149.154.175.50', port: 8888 },
};

describe('the keys of a connection', () => {
  it('are made of both nonces, the time, both addresses and the secret', () => {
    const expected = [
      'e2'.repeat(16),
      'c1'.repeat(16),
      '04030201',
      '32af9a95',
      '2211',
      Buffer.from('CLIENT').toString('hex'),
      '0302010a',
      'b822',
      '53'.repeat(128),
      'e2'.repeat(16),
      'c1'.repeat(16),
    ];
    expect(keyMaterial(source, 'CLIENT').toString('hex')).toBe(expected.join(''));
    expected[5] = Buffer.from('SERVER').toString('hex');
    expect(keyMaterial(source, 'SERVER').toString('hex')).toBe(expected.join(''));
  });

  it('have the IPv6 addresses behind the secret, and zeros for the IPv4 ones', () => {
    const v6 = {
      ...source,
      us: { address: '2001:db8::1', port: 1 },
      server: { address: '2001:67c:4e8:f002::d', port: 2 },
    };
    const material = keyMaterial(v6, 'CLIENT').toString('hex');
    expect(material.slice(36 * 2, 54 * 2)).toBe(`000000000100${Buffer.from('CLIENT').toString('hex')}000000000200`);
    expect(material.slice((54 + 128) * 2)).toBe(
      `${'e2'.repeat(16)}20010db80000000000000000000000012001067c04e8f002000000000000000d${'c1'.repeat(16)}`,
    );
  });

  it('cannot be made of addresses of two families', () => {
    const mixed = { ...source, us: { address: '::1', port: 1 } };
    expect(() => sessionCiphers(mixed)).toThrow(expect.objectContaining({ code: 'E_UNSUPPORTED' }));
  });

  it('follow from MD5 and SHA-1 of it', () => {
    const material = Buffer.from('0123456789');
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
    const { key, iv } = keyAndIv(material);
    expect(key.toString('hex')).toBe(
      md5('123456789').slice(0, 24) + createHash('sha1').update('0123456789').digest('hex'),
    );
    expect(iv.toString('hex')).toBe(md5('23456789'));
  });

  it('differ between the directions, and give out every block at once', () => {
    const { encipher, decipher } = sessionCiphers(source);
    const blocks = Buffer.alloc(48, 7);
    const out = encipher.update(blocks);
    expect(out).toHaveLength(48);
    expect(out.subarray(0, 16)).not.toEqual(out.subarray(16, 32));
    expect(decipher.update(out)).toHaveLength(48);
    expect(sessionCiphers(source).decipher.update(out)).not.toEqual(blocks);
  });
});
