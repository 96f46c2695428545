import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { freeNow } from './owned-memory.js';

describe('freeNow', () => {
  it('empties a large buffer of its own', () => {
    const buffer = Buffer.allocUnsafeSlow(64 * 1024);
    freeNow(buffer);
    expect(buffer.length).toBe(0);
    expect(buffer.buffer.byteLength).toBe(0);
  });

  it('leaves memory alone that others may refer to', () => {
    const whole = Buffer.allocUnsafeSlow(128 * 1024);
    freeNow(whole.subarray(0, 64 * 1024));
    const pooled = Buffer.from('pooled');
    freeNow(pooled);
    expect(whole.length).toBe(128 * 1024);
    expect(pooled.toString()).toBe('pooled');
  });
});
