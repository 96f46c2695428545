import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Rounds } from './rounds.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('probes each outbound once an interval, and none later', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 100, max: 60_000 }),
      fc.boolean(),
      async (count, intervalMs, atOnce) => {
        const times = new Map<string, number[]>(Array.from({ length: count }, (_, index) => [`o${index}`, []]));
        const rounds = new Rounds({
          intervalMs,
          atOnce,
          subjects: () => [...times.keys()],
          probe: (tag) => {
            times.get(tag)?.push(Date.now());
            return Promise.resolve();
          },
        });
        const start = Date.now();
        rounds.start();
        expect([...times.values()].map((one) => one.length)).toEqual(Array(count).fill(1));
        await vi.advanceTimersByTimeAsync(10 * intervalMs);
        rounds.close();
        const end = Date.now();
        for (const one of times.values()) {
          expect(one[0]).toBe(start);
          const gaps = [...one, end].slice(1).map((at, index) => at - (one[index] as number));
          // Timers are of whole milliseconds.
          expect(Math.max(...gaps)).toBeLessThanOrEqual(intervalMs + 2);
          expect(one.length).toBeLessThanOrEqual(13);
        }
        expect(vi.getTimerCount()).toBe(0);
      },
    ),
    { numRuns: 30 },
  );
});

it('spreads them over the interval, or begins all at one moment', async () => {
  for (const atOnce of [false, true]) {
    const times = new Set<number>();
    const rounds = new Rounds({
      intervalMs: 1000,
      atOnce,
      subjects: () => ['a', 'b', 'c', 'd'],
      probe: () => Promise.resolve(void times.add(Date.now())),
    });
    rounds.start();
    await vi.advanceTimersByTimeAsync(899);
    expect(times.size).toBe(atOnce ? 1 : 4);
    rounds.close();
  }
});

it('does not probe an outbound twice at the same time, and asks anew for whom there is', async () => {
  const asked: string[] = [];
  let finish = (): void => undefined;
  let tags = ['slow', 'quick'];
  const rounds = new Rounds({
    intervalMs: 1000,
    atOnce: true,
    subjects: () => tags,
    probe: (tag) => {
      asked.push(tag);
      return tag === 'slow' ? new Promise((resolve) => (finish = resolve)) : Promise.resolve();
    },
  });
  rounds.start();
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked.filter((tag) => tag === 'slow')).toHaveLength(1);
  expect(asked.filter((tag) => tag === 'quick').length).toBeGreaterThan(4);
  finish();
  tags = ['slow', 'new'];
  asked.length = 0;
  await vi.advanceTimersByTimeAsync(1000);
  expect([...new Set(asked)]).toEqual(['slow', 'new']);
  rounds.close();
});
