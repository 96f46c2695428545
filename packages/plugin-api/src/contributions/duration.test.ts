import { expect, it } from 'vitest';
import { durationMs, durationSchema } from './duration.js';

const accepts = (written: string): boolean => new RegExp(durationSchema({}).pattern as string, 'u').test(written);

it.each([
  ['0', 0],
  ['10s', 10_000],
  ['1m30s', 90_000],
  ['1h0.5m', 3_630_000],
  ['250ms', 250],
  ['1500us', 1.5],
  ['2µs', 0.002],
  ['1000000ns', 1],
])('%s are %d ms', (written, ms) => {
  expect(accepts(written)).toBe(true);
  expect(durationMs(written)).toBeCloseTo(ms, 9);
});

it.each(['', '10', '-1s', '1 s', 's', '1d', '.5s', '1s,', '10S'])('%j is no duration', (written) => {
  expect(accepts(written)).toBe(false);
});
