import { TimerWheel } from '@sluice/plugin-api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  LOOK_MS,
  MAX_STREAM_WAITING,
  MAX_TOTAL_WAITING,
  MIN_TAKEN,
  SlowStreams,
  type BufferedStream,
} from './slow-streams.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => void vi.useRealTimers());

class Stream implements BufferedStream {
  waiting = 0;
  bytesRead = 0;
  gaveUp = false;

  constructor(readonly slow: SlowStreams) {}

  come(bytes: number): void {
    this.waiting += bytes;
    this.slow.change(this, bytes);
  }

  take(bytes: number): void {
    this.waiting -= bytes;
    this.bytesRead += bytes;
    this.slow.change(this, -bytes);
  }

  giveUp(): void {
    this.gaveUp = true;
    const { waiting } = this;
    this.waiting = 0;
    this.slow.change(this, -waiting);
  }
}

function bound(isShared = true) {
  const timers = new TimerWheel();
  const calls: string[] = [];
  const slow = new SlowStreams(timers, {
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    isShared,
  });
  return { timers, calls, slow };
}

/** A look and some ticks. */
const LOOK = LOOK_MS + 1000;

describe('one stream', () => {
  test('pauses reading when too much waits for it, and lets it go on at half of that', () => {
    const { slow, calls, timers } = bound();
    const stream = new Stream(slow);
    stream.come(MAX_STREAM_WAITING);
    expect(calls).toEqual([]);
    stream.come(1);
    expect([calls, slow.paused]).toEqual([['pause'], true]);
    stream.take(MAX_STREAM_WAITING / 2);
    expect(calls).toEqual(['pause']);
    stream.take(1);
    expect([calls, slow.paused, timers.size]).toEqual([['pause', 'resume'], false, 0]);
  });

  test('is given up when it takes next to nothing between two looks', () => {
    const { slow, calls, timers } = bound();
    const stream = new Stream(slow);
    stream.come(MAX_STREAM_WAITING + 1);
    stream.take(MIN_TAKEN);
    vi.advanceTimersByTime(LOOK);
    expect(stream.gaveUp).toBe(false);
    stream.take(MIN_TAKEN - 1);
    vi.advanceTimersByTime(LOOK);
    expect(stream.gaveUp).toBe(true);
    expect([calls, timers.size]).toEqual([['pause', 'resume'], 0]);
  });

  test('is left alone while nobody else waits', () => {
    const { slow } = bound(false);
    const stream = new Stream(slow);
    stream.come(MAX_STREAM_WAITING + 1);
    vi.advanceTimersByTime(10 * LOOK);
    expect([stream.gaveUp, slow.paused]).toEqual([false, true]);
    slow.close();
  });
});

describe('many streams', () => {
  test('only those that are waited for are given up', () => {
    const { slow } = bound();
    const [stuck, quiet] = [new Stream(slow), new Stream(slow)];
    quiet.come(1000);
    stuck.come(MAX_STREAM_WAITING + 1);
    vi.advanceTimersByTime(LOOK);
    expect([stuck.gaveUp, quiet.gaveUp]).toEqual([true, false]);
  });

  test('are bounded together, and the one that most waits for goes first', () => {
    const { slow, calls } = bound();
    const streams = Array.from({ length: 32 }, () => new Stream(slow));
    const share = MAX_TOTAL_WAITING / 32;
    for (const stream of streams) stream.come(share);
    expect(calls).toEqual([]);
    streams[7]?.come(1);
    expect(calls).toEqual(['pause']);
    vi.advanceTimersByTime(LOOK);
    expect(streams.map(({ gaveUp }) => gaveUp).flatMap((gaveUp, index) => (gaveUp ? [index] : []))).toEqual([7]);
    // More has to go before reading goes on.
    expect(slow.paused).toBe(true);
    for (const stream of streams) if (stream.waiting > 0) stream.take(share / 2 + 1);
    expect([calls, slow.total]).toEqual([['pause', 'resume'], 31 * (share / 2 - 1)]);
  });
});
