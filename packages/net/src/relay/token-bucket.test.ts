import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import fc from 'fast-check';
import { TimerWheel } from '../timer-wheel.js';
import { TokenBucket, type BucketWaiter } from './token-bucket.js';

/** Reads a chunk whenever it may, and notes how much that was. */
class Reader implements BucketWaiter {
  taken = 0;
  constructor(
    readonly bucket: TokenBucket,
    readonly chunk: number,
  ) {}

  onRefill(): void {
    do this.taken += this.chunk;
    while (this.bucket.take(this.chunk));
    this.bucket.wait(this);
  }
}

describe('TokenBucket', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('lets a second’s worth pass at once, and no more', () => {
    const bucket = new TokenBucket(new TimerWheel(), 1000);
    expect(bucket.take(999)).toBe(true);
    expect(bucket.take(1)).toBe(false);
  });

  it('keeps to its rate over time, whatever the chunks are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.integer({ min: 1, max: 65_536 }), (rate, chunk) => {
        fc.pre(rate / chunk < 2000);
        const wheel = new TimerWheel();
        const bucket = new TokenBucket(wheel, rate);
        const reader = new Reader(bucket, chunk);
        reader.onRefill();
        const seconds = Math.max(20, Math.ceil((chunk * 4) / rate));
        fc.pre(seconds < 2000);
        for (let s = 0; s < seconds; s += 1) vi.advanceTimersByTime(1000);
        bucket.leave(reader);
        // One second's worth at the start, one chunk of debt at the end, and the wheel's grain.
        expect(reader.taken).toBeLessThanOrEqual(rate * (seconds + 1.1) + chunk);
        expect(reader.taken).toBeGreaterThanOrEqual(
          Math.min(rate, chunk) * 0.9 + rate * (seconds - 2) * 0.85 - 2 * chunk,
        );
        expect(wheel.size).toBe(0);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it('serves those who wait in turn', () => {
    const wheel = new TimerWheel();
    const bucket = new TokenBucket(wheel, 640_000);
    const readers = Array.from({ length: 5 }, () => new Reader(bucket, 65_536));
    for (const reader of readers) reader.onRefill();
    for (let s = 0; s < 60; s += 1) vi.advanceTimersByTime(1000);
    const taken = readers.map((reader) => reader.taken);
    expect(Math.max(...taken) - Math.min(...taken)).toBeLessThanOrEqual(640_000 + 2 * 65_536);
    for (const reader of readers) bucket.leave(reader);
    expect(wheel.size).toBe(0);
  });
});
