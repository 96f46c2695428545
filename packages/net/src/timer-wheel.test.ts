import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TimerEntry, TimerWheel } from './timer-wheel.js';

class Recorder extends TimerEntry {
  fired = 0;
  constructor(readonly action: () => void = () => undefined) {
    super();
  }
  onTimer(): void {
    this.fired += 1;
    this.action();
  }
}

describe('TimerWheel', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([100, 1000, 51_200, 60_000, 300_000])('fires once, not before %i ms and at most two ticks after', (ms) => {
    const wheel = new TimerWheel();
    const entry = new Recorder();
    wheel.schedule(entry, TimerWheel.ticks(ms));
    vi.advanceTimersByTime(ms - 1);
    expect(entry.fired).toBe(0);
    vi.advanceTimersByTime(201);
    expect(entry.fired).toBe(1);
    vi.advanceTimersByTime(600_000);
    expect(entry.fired).toBe(1);
  });

  it('does not count the time in which the process stood still', () => {
    const wheel = new TimerWheel();
    const entry = new Recorder();
    wheel.schedule(entry, TimerWheel.ticks(1000));
    vi.advanceTimersByTime(100);
    const start = performance.now();
    // Nothing ran for a minute; then the loop turns again.
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => start + 60_000);
    vi.advanceTimersToNextTimer();
    expect(entry.fired).toBe(0);
    expect(wheel.now).toBe(6);
    clock.mockRestore();
  });

  it('runs no system timer while it is empty', () => {
    const wheel = new TimerWheel();
    expect(vi.getTimerCount()).toBe(0);
    const entry = new Recorder();
    wheel.schedule(entry, 5);
    expect(vi.getTimerCount()).toBe(1);
    wheel.cancel(entry);
    expect(vi.getTimerCount()).toBe(0);
    expect(wheel.size).toBe(0);
  });

  it('stops by itself after the last entry', () => {
    const wheel = new TimerWheel();
    wheel.schedule(new Recorder(), 1);
    vi.advanceTimersByTime(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('moves an entry that is scheduled again', () => {
    const wheel = new TimerWheel();
    const entry = new Recorder();
    wheel.schedule(entry, 10);
    wheel.schedule(entry, 100);
    vi.advanceTimersByTime(2000);
    expect(entry.fired).toBe(0);
    vi.advanceTimersByTime(9000);
    expect(entry.fired).toBe(1);
    expect(wheel.size).toBe(0);
  });

  it('lets a callback cancel and reschedule others that are due in the same tick', () => {
    const wheel = new TimerWheel();
    const cancelled = new Recorder();
    const postponed = new Recorder();
    const first = new Recorder(() => {
      wheel.cancel(cancelled);
      wheel.schedule(postponed, 20);
    });
    const again = new Recorder(() => {
      if (again.fired < 3) wheel.schedule(again, 1);
    });
    // Slots are read newest first, so `first` comes before the two it acts on.
    for (const entry of [cancelled, postponed, again, first]) wheel.schedule(entry, 5);
    vi.advanceTimersByTime(1000);
    expect(cancelled.fired).toBe(0);
    expect(postponed.fired).toBe(0);
    expect(again.fired).toBe(3);
    vi.advanceTimersByTime(3000);
    expect(postponed.fired).toBe(1);
    expect(wheel.size).toBe(0);
  });

  it('catches up after the event loop stood still', () => {
    const wheel = new TimerWheel();
    const early = new Recorder();
    const late = new Recorder();
    wheel.schedule(early, 5);
    wheel.schedule(late, 700);
    vi.advanceTimersByTime(80_000);
    expect([early.fired, late.fired]).toEqual([1, 1]);
  });
});
