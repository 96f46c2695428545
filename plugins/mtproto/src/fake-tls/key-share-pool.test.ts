import { Buffer } from 'node:buffer';
import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { KeySharePool } from './key-share-pool.js';

function take(pool: KeySharePool): string {
  const share = Buffer.alloc(34, 0xaa);
  pool.take(share, 1);
  expect([share[0], share[33]]).toEqual([0xaa, 0xaa]);
  return share.toString('base64url', 1, 33);
}

describe('KeySharePool', () => {
  it('has a share at once, each one a key that can be agreed with', () => {
    const { privateKey } = generateKeyPairSync('x25519');
    const pool = new KeySharePool(0);
    const taken = Array.from({ length: 20 }, () => take(pool));
    expect(new Set(taken).size).toBe(20);
    for (const x of taken) {
      const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
      expect(diffieHellman({ privateKey, publicKey }).length).toBe(32);
    }
    expect(pool.size).toBe(0);
  });

  it('makes shares ahead, as many as asked for and no more, and none is given twice', async () => {
    const pool = new KeySharePool(70);
    const taken = [take(pool)];
    await vi.waitFor(() => expect(pool.size).toBeGreaterThanOrEqual(64));
    expect(pool.size).toBeLessThanOrEqual(70);
    while (pool.size > 0) taken.push(take(pool));
    await vi.waitFor(() => expect(pool.size).toBeGreaterThanOrEqual(64));
    while (pool.size > 0) taken.push(take(pool));
    expect(new Set(taken).size).toBe(taken.length);
  });
});
