import { SluiceError } from '@sluice/plugin-api';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Samples } from './samples.js';

const refused = new SluiceError('E_DIAL_REFUSED', 'refused');

function fed(samples: Samples, results: readonly (number | undefined)[], stepMs = 10): Samples {
  for (const [index, result] of results.entries()) {
    if (result === undefined) samples.failed(refused, index * stepMs);
    else samples.succeeded(result, index * stepMs);
  }
  return samples;
}

it('goes by the last probe alone where one is kept', () => {
  const samples = new Samples(1, Infinity);
  expect(fed(samples, [undefined, 30, 20]).health()).toEqual({
    alive: true,
    delay: 20,
    deviation: undefined,
    min: 20,
    max: 20,
    samples: 1,
    failures: 0,
    lastTryAt: 20,
    lastSeenAt: 20,
    lastError: undefined,
  });
  samples.failed(refused, 40);
  expect(samples.health()).toMatchObject({
    alive: false,
    delay: undefined,
    failures: 1,
    lastTryAt: 40,
    lastSeenAt: 20,
    lastError: 'refused',
  });
});

it.each<[string, (number | undefined)[], object]>([
  ['one', [30], { alive: true, delay: 30, deviation: 15, samples: 1 }],
  ['several', [10, 20, 30], { alive: true, delay: 20, deviation: Math.sqrt(200 / 3), min: 10, max: 30, samples: 3 }],
  ['a failure among them', [10, undefined, 30], { alive: true, delay: 20, failures: 1, samples: 3 }],
  ['a failure at the end', [10, 10, undefined], { alive: true, failures: 1, lastError: 'refused' }],
  ['two failures at the end', [10, 10, undefined, undefined], { alive: false, delay: 10, failures: 2 }],
  ['one failure alone', [undefined], { alive: false, delay: undefined, deviation: undefined }],
  ['more than are kept', [90, 90, 10, 10, 10, 10], { alive: true, delay: 10, deviation: 0, samples: 4 }],
])('counts the last four together: %s', (_name, results, expected) => {
  expect(fed(new Samples(4, Infinity), results).health()).toMatchObject(expected);
});

it('forgets what is too old', () => {
  const samples = fed(new Samples(10, 100), [90, 90, 10], 60);
  expect(samples.health()).toMatchObject({ samples: 2, delay: 50 });
});

it('says of any probes what their numbers say', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 10 }),
      fc.array(fc.oneof(fc.constant(undefined), fc.integer({ min: 0, max: 10_000 })), { minLength: 1, maxLength: 30 }),
      (capacity, results) => {
        const health = fed(new Samples(capacity, Infinity), results).health();
        const kept = results.slice(-capacity);
        const good = kept.filter((one) => one !== undefined);
        expect(health).toMatchObject({ samples: kept.length, failures: kept.length - good.length });
        expect(health.alive).toBe(good.length > 0 && kept.slice(-2).some((one) => one !== undefined));
        if (good.length === 0) return;
        expect(health.min).toBe(Math.min(...good));
        expect(health.max).toBe(Math.max(...good));
        expect(health.delay).toBeCloseTo(good.reduce((sum, one) => sum + one, 0) / good.length, 6);
        // Popoviciu's inequality, and the half for one alone.
        const bound = good.length === 1 ? (good[0] as number) / 2 : (Math.max(...good) - Math.min(...good)) / 2;
        expect(health.deviation).toBeLessThanOrEqual(bound + 1e-6);
      },
    ),
  );
});
