import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RuleBits } from './rule-bits.js';
import { RuleLists } from './rule-lists.js';

const COUNT = 60;

test('keeps lists of any length, alike ones once', () => {
  // Half of them in a row, so that lists have beginnings in common and some are long.
  const list = fc
    .tuple(fc.nat(COUNT), fc.array(fc.nat(COUNT - 1), { maxLength: 40 }))
    .map(([row, more]) => [...Array.from({ length: row }, (_, i) => i), ...more].sort((a, b) => a - b));
  fc.assert(
    fc.property(fc.array(list, { maxLength: 20 }), (all) => {
      const lists = new RuleLists(COUNT);
      const made = all.map((numbers) => numbers.reduce((made, number) => lists.with(made, number), 0));
      all.forEach((numbers, i) => {
        const expected = new Set(numbers);
        const found = new RuleBits(COUNT);
        lists.mark(made[i]!, found);
        expect(Array.from({ length: COUNT }, (_, number) => found.has(number))).toEqual(
          Array.from({ length: COUNT }, (_, number) => expected.has(number)),
        );
        expect(lists.lengthOf(made[i]!)).toBe(expected.size);
        const alike = all.findIndex((one) => String([...new Set(one)]) === String([...expected]));
        expect(made[i]).toBe(made[alike]);
      });
    }),
  );
});
