import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnswerCache } from './cache.js';

const answer = (address: string) => ({ addresses: [address], exists: true });

test('answers are there until their time is up', () => {
  let now = 1000;
  const cache = new AnswerCache(10, () => now);
  expect(cache.set('a', 1, answer('192.0.2.1'), 60).expiresAt).toBe(61_000);
  now = 60_999;
  expect(cache.get('a', 1)).toEqual({ ...answer('192.0.2.1'), expiresAt: 61_000 });
  expect(cache.get('a', 28)).toBeUndefined();
  now = 61_000;
  expect(cache.get('a', 1)).toBeUndefined();
  expect(cache.size).toBe(0);
});

test('an answer without time is given and not kept, as all are where there is no room', () => {
  const cache = new AnswerCache(10, () => 0);
  expect(cache.set('a', 1, answer('x'), 0)).toMatchObject(answer('x'));
  const none = new AnswerCache(0, () => 0);
  none.set('a', 1, answer('x'), 60);
  expect([cache.size, none.size, none.get('a', 1)]).toEqual([0, 0, undefined]);
});

test('is forgotten when told', () => {
  const cache = new AnswerCache(10, () => 0);
  cache.set('a', 1, answer('x'), 60);
  cache.clear();
  expect(cache.get('a', 1)).toBeUndefined();
});

/** A list, the one used last at its end. */
class Model {
  entries: { key: string; value: string; until: number }[] = [];

  constructor(readonly size: number) {}

  get(key: string, now: number): string | undefined {
    const at = this.entries.findIndex((entry) => entry.key === key);
    const [entry] = at < 0 ? [] : this.entries.splice(at, 1);
    if (entry === undefined || entry.until <= now) return undefined;
    this.entries.push(entry);
    return entry.value;
  }

  set(key: string, value: string, until: number): void {
    this.entries = this.entries.filter((entry) => entry.key !== key);
    this.entries.push({ key, value, until });
    this.entries = this.entries.slice(-this.size);
  }
}

test('keeps those used last, and never more than its size', () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    type: fc.constantFrom(1, 28),
    ttl: fc.option(fc.integer({ min: 1, max: 4 })),
    wait: fc.constantFrom(0, 0, 500, 1500),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), (size, steps) => {
      let now = 0;
      const cache = new AnswerCache(size, () => now);
      const model = new Model(size);
      for (const [i, { key, type, ttl, wait }] of steps.entries()) {
        now += wait;
        if (ttl === null) expect(cache.get(key, type)?.addresses[0]).toBe(model.get(`${type} ${key}`, now));
        else {
          cache.set(key, type, answer(String(i)), ttl);
          model.set(`${type} ${key}`, String(i), now + ttl * 1000);
        }
        expect(cache.size).toBe(model.entries.length);
      }
    }),
  );
});
