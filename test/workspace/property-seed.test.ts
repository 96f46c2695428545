import { env } from 'node:process';
import fc from 'fast-check';
import { expect, it } from 'vitest';

it("properties draw their values by the run's seed", () => {
  const drawn: number[] = [];
  const property = fc.property(fc.nat(), (value) => void drawn.push(value));
  expect(fc.check(property).seed).toBe(Number(env.SLUICE_TEST_SEED));
  const before = drawn.splice(0);
  fc.assert(property);
  expect(drawn).toEqual(before);
});
