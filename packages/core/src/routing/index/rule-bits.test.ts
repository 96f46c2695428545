import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RuleBits } from './rule-bits.js';

const COUNT = 130;
const numbers = fc.uniqueArray(fc.nat(COUNT - 1));

function bits(all: readonly number[]): RuleBits {
  const set = new RuleBits(COUNT);
  for (const one of all) set.add(one);
  return set;
}

function list(set: RuleBits): number[] {
  const all: number[] = [];
  for (let i = set.next(0); i >= 0; i = set.next(i + 1)) all.push(i);
  return all;
}

test('is a set of numbers, gone through in their order', () => {
  fc.assert(
    fc.property(numbers, numbers, numbers, (a, b, c) => {
      const ascending = (all: readonly number[]): number[] => [...new Set(all)].sort((x, y) => x - y);
      expect(list(bits(a))).toEqual(ascending(a));
      const kept = bits(a);
      kept.keep(bits(b));
      expect(list(kept)).toEqual(ascending(a.filter((one) => b.includes(one))));
      const removed = bits(a);
      removed.remove(bits(b));
      expect(list(removed)).toEqual(ascending(a.filter((one) => !b.includes(one))));
      const added = bits(a);
      added.addBoth(bits(b), bits(c));
      expect(list(added)).toEqual(ascending([...a, ...b.filter((one) => c.includes(one))]));
      const both = bits(a);
      both.addAll(bits(b));
      expect(list(both)).toEqual(ascending([...a, ...b]));
      added.copy(bits(c));
      expect(list(added)).toEqual(ascending(c));
    }),
  );
});
