import { expect, it, vi } from 'vitest';
import { isWithin, matcher, rule } from './rule.js';

it.each([
  [8, 18, [8, 12, 17], [7, 18, 0]],
  [22, 6, [22, 23, 0, 5], [6, 12, 21]],
])('holds from %i to %i', (from, to, inside, outside) => {
  const at = (hour: number): boolean => isWithin({ from, to }, hour);
  expect(inside.map(at)).toEqual(inside.map(() => true));
  expect(outside.map(at)).toEqual(outside.map(() => false));
});

it('warns of hours that are all', () => {
  const problems = { error: vi.fn(), warning: vi.fn() };
  const assets = { read: () => new Uint8Array() };
  for (const { check } of [rule, matcher]) check?.({ from: 8, to: 8 }, problems, assets);
  expect(problems.warning).toHaveBeenCalledTimes(2);
  for (const { check } of [rule, matcher]) check?.({ from: 8, to: 9 }, problems, assets);
  expect(problems.warning).toHaveBeenCalledTimes(2);
  expect(problems.error).not.toHaveBeenCalled();
});
