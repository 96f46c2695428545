import { expect, it } from 'vitest';
import { AnswerQueue } from './answer-queue.js';
import { QueueBudget, type QueueHolder } from './queue-budget.js';
import { Resting } from './resting.js';

it('an answer queue gives out in order, and knows its cost', () => {
  const queue = new AnswerQueue();
  let next = 0;
  let taken = 0;
  for (let round = 0; round < 300; round += 1) {
    for (let i = 0; i < 20; i += 1) queue.push(Buffer.from(String(next++)));
    for (let i = 0; i < 15; i += 1) expect(queue.shift()?.toString()).toBe(String(taken++));
  }
  expect(queue.length).toBe(1500);
  expect(queue.cost).toBeGreaterThan(1500 * 4);
  while (!queue.empty) expect(queue.shift()?.toString()).toBe(String(taken++));
  expect([taken, queue.cost, queue.shift()]).toEqual([6000, 0, undefined]);
});

it('beyond the budget, the one that holds most gives up', () => {
  const budget = new QueueBudget(100);
  const gone: string[] = [];
  const holder = (name: string): QueueHolder & { heldBytes: number } => ({
    heldBytes: 0,
    giveUp() {
      gone.push(name);
      const held = this.heldBytes;
      this.heldBytes = 0;
      budget.change(this, -held);
    },
  });
  const [a, b] = [holder('a'), holder('b')];
  const hold = (who: typeof a, bytes: number): void => {
    who.heldBytes += bytes;
    budget.change(who, bytes);
  };
  hold(a, 60);
  hold(b, 40);
  expect(gone).toEqual([]);
  hold(b, 1);
  expect(gone).toEqual(['a']);
  expect(budget.used).toBe(41);
  hold(b, 60);
  expect(gone).toEqual(['a', 'b']);
  expect(budget.used).toBe(0);
});

it('an address rests after a failure, longer each time in a row', () => {
  let now = 0;
  const resting = new Resting(() => now);
  resting.failed('a');
  resting.failed('a');
  expect([resting.isResting('a'), resting.isResting('b')]).toEqual([true, false]);
  now = 10_001;
  expect(resting.isResting('a')).toBe(false);
  resting.failed('a');
  now += 19_000;
  expect(resting.isResting('a')).toBe(true);
  now += 1001;
  expect(resting.isResting('a')).toBe(false);
  for (let i = 0; i < 40; i += 1) {
    resting.failed('a');
    now += 600_001;
    expect(resting.isResting('a')).toBe(false);
  }
  resting.failed('a');
  resting.worked('a');
  expect(resting.isResting('a')).toBe(false);
  resting.failed('a');
  resting.keepOnly(new Set(['b']));
  expect(resting.isResting('a')).toBe(false);
});
