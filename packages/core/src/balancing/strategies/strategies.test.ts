import type { BalancerContext, Logger, OutboundHealth } from '@sluice/plugin-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HealthTable } from '../health-table.js';
import { LeastLoadStrategy, leastLoadStrategy, type LeastLoadSettings } from './least-load.js';
import { LeastPingStrategy } from './least-ping.js';
import { RandomStrategy } from './random.js';
import { RoundRobinStrategy } from './round-robin.js';

const nothing = (): void => undefined;
const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, debugEnabled: false };

function context<S>(settings: S): BalancerContext<S> & { health: HealthTable } {
  return {
    tag: 'b',
    settings: settings,
    logger: silent,
    health: new HealthTable(),
    load: () => 0,
  };
}

function health(delay: number | undefined, more: Partial<OutboundHealth> = {}): OutboundHealth {
  return {
    alive: delay !== undefined,
    delay,
    samples: 1,
    failures: delay === undefined ? 1 : 0,
    lastTryAt: 1,
    lastSeenAt: 1,
    ...more,
  };
}

/** A source of numbers from 0 to 1 that a seed repeats: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function counted(pick: () => string | undefined, times: number): Map<string | undefined, number> {
  const counts = new Map<string | undefined, number>();
  for (let i = 0; i < times; i += 1) {
    const tag = pick();
    counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  return counts;
}

const tags = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 });
/** Tags, each with a delay, dead, or probed by nobody. */
const measured = fc.uniqueArray(
  fc.record({
    tag: fc.string({ minLength: 1, maxLength: 5 }),
    state: fc.oneof(fc.constant('dead' as const), fc.constant(undefined), fc.integer({ min: 0, max: 5000 })),
  }),
  { selector: ({ tag }) => tag, minLength: 1, maxLength: 12 },
);

function reported(table: HealthTable, states: readonly { tag: string; state: 'dead' | number | undefined }[]): void {
  for (const { tag, state } of states)
    if (state !== undefined) table.report(tag, health(state === 'dead' ? undefined : state));
}

describe('random', () => {
  it('takes each of the living about as often as the others', () => {
    const own = context({});
    own.health.report('c', health(undefined));
    own.health.report('a', health(5));
    const strategy = new RandomStrategy(own, seeded(7));
    const counts = counted(() => strategy.pick(['a', 'b', 'c', 'd', 'e']), 40_000);
    expect([...counts.keys()].sort()).toEqual(['a', 'b', 'd', 'e']);
    // Five times the standard deviation of a fair choice.
    for (const count of counts.values())
      expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(40_000 * 0.25 * 0.75));
  });

  it('takes a living one whatever the source says, and none if all are dead', () => {
    fc.assert(
      fc.property(measured, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (states, number) => {
        const own = context({});
        reported(own.health, states);
        const living = states.filter(({ state }) => state !== 'dead').map(({ tag }) => tag);
        const picked = new RandomStrategy(own, () => number).pick(states.map(({ tag }) => tag));
        expect(picked).toBe(living[Math.floor(number * living.length)]);
      }),
    );
  });
});

describe('roundRobin', () => {
  it('takes each as often as the others, in their order', () => {
    fc.assert(
      fc.property(tags, fc.integer({ min: 1, max: 5 }), (candidates, rounds) => {
        const strategy = new RoundRobinStrategy(context({}));
        const picked = Array.from({ length: candidates.length * rounds }, () => strategy.pick(candidates));
        expect(picked).toEqual(Array.from({ length: rounds }, () => candidates).flat());
      }),
    );
  });

  it('stays fair when outbounds die and come back', () => {
    const own = context({});
    const strategy = new RoundRobinStrategy(own);
    const all = ['a', 'b', 'c'];
    expect(strategy.pick(all)).toBe('a');
    own.health.report('b', health(undefined));
    expect(counted(() => strategy.pick(all), 10)).toEqual(
      new Map([
        ['c', 5],
        ['a', 5],
      ]),
    );
    own.health.report('b', health(1));
    expect(new Set([strategy.pick(all), strategy.pick(all), strategy.pick(all)]).size).toBe(3);
    for (const tag of all) own.health.report(tag, health(undefined));
    expect(strategy.pick(all)).toBeUndefined();
  });
});

describe('leastPing', () => {
  it('takes the living one that answered fastest, the first of equals', () => {
    fc.assert(
      fc.property(measured, (states) => {
        const own = context({ stickyChoice: false });
        reported(own.health, states);
        const picked = new LeastPingStrategy(own).pick(states.map(({ tag }) => tag));
        const delays = states.map(({ state }) => (typeof state === 'number' ? state : Infinity));
        const least = Math.min(...delays);
        expect(picked).toBe(least === Infinity ? undefined : states[delays.indexOf(least)]?.tag);
      }),
    );
  });

  it('stays with its last choice while nothing is known of any', () => {
    const own = context({ stickyChoice: false });
    const strategy = new LeastPingStrategy(own);
    expect(strategy.pick(['a', 'b'])).toBeUndefined();
    own.health.report('a', health(9));
    own.health.report('b', health(5));
    expect(strategy.pick(['a', 'b'])).toBe('b');
    own.health.report('a', undefined);
    own.health.report('b', undefined);
    expect(strategy.pick(['a', 'b'])).toBe('b');
    expect(strategy.pick(['a'])).toBeUndefined();
    own.health.report('a', health(undefined));
    expect(strategy.pick(['a', 'b'])).toBeUndefined();
  });

  it('stays with its last choice if told so', () => {
    for (const stickyChoice of [true, false]) {
      const own = context({ stickyChoice });
      const strategy = new LeastPingStrategy(own);
      own.health.report('a', health(9));
      own.health.report('b', health(5));
      expect(strategy.pick(['a', 'b'])).toBe('b');
      own.health.report('a', health(undefined));
      own.health.report('b', health(undefined));
      expect(strategy.pick(['a', 'b'])).toBe(stickyChoice ? 'b' : undefined);
      expect(strategy.pick(['a'])).toBeUndefined();
    }
  });
});

describe('leastLoad', () => {
  const defaults: LeastLoadSettings = { expected: 0, maxRTT: '0', tolerance: 0, baselines: [], costs: [] };

  /** Every outbound that is taken, of a, b, c … with these deviations in ms. */
  function taken(
    deviations: readonly number[],
    settings: Partial<LeastLoadSettings>,
    more: Partial<OutboundHealth> = {},
  ): string {
    const own = context({ ...defaults, ...settings });
    const candidates = deviations.map((_, index) => String.fromCharCode(97 + index));
    for (const [index, deviation] of deviations.entries())
      own.health.report(candidates[index] as string, health(100, { deviation, samples: 10, ...more }));
    let step = 0;
    const strategy = new LeastLoadStrategy(own, () => (step++ % 100) / 100);
    return [...counted(() => strategy.pick(candidates), 100).keys()].map(String).sort().join('');
  }

  it.each<[string, readonly number[], Partial<LeastLoadSettings>, string]>([
    ['the steadiest one', [30, 10, 20], {}, 'b'],
    ['as many as are expected', [30, 10, 20], { expected: 2 }, 'bc'],
    ['all if more are expected', [30, 10, 20], { expected: 4, baselines: ['1ms'] }, 'abc'],
    ['what is better than a baseline', [30, 10, 20, 90], { baselines: ['25ms', '50ms'] }, 'bc'],
    ['the next baseline if the first gives none', [30, 28, 27, 90], { baselines: ['25ms', '50ms'] }, 'abc'],
    ['none if no baseline gives any', [30, 10, 20], { baselines: ['5ms'] }, 'undefined'],
    [
      'the next baseline until there are as many as expected',
      [30, 10, 20, 90],
      { expected: 3, baselines: ['15ms', '50ms'] },
      'abc',
    ],
    ['as many as expected if no baseline gives them', [30, 10, 20, 90], { expected: 3, baselines: ['15ms'] }, 'abc'],
    ['more than expected if they are near', [30, 10, 20, 90], { expected: 1, baselines: ['40ms'] }, 'abc'],
    [
      'by the root of its cost',
      [30, 10, 20],
      {
        costs: [
          { regexp: false, match: 'b', value: 9 },
          { regexp: false, match: 'a', value: 0.01 },
        ],
      },
      'a',
    ],
    [
      'by a cost that an expression finds',
      [30, 10, 20],
      { costs: [{ regexp: true, match: '^[ab]$', value: 100 }] },
      'c',
    ],
  ])('takes %s', (_name, deviations, settings, expected) => {
    expect(taken(deviations, settings)).toBe(expected);
  });

  it('leaves out what is slower or fails more often than allowed', () => {
    expect(taken([1], { maxRTT: '100ms' })).toBe('undefined');
    expect(taken([1], { maxRTT: '101ms' })).toBe('a');
    expect(taken([1], { tolerance: 0.1 }, { failures: 2 })).toBe('undefined');
    expect(taken([1], { tolerance: 0.2 }, { failures: 2 })).toBe('a');
    expect(taken([1], {}, { failures: 9 })).toBe('a');
  });

  it('stays with its last choices while nothing is known of any', () => {
    const own = context({ ...defaults, expected: 2 });
    const numbers = [0, 0.9, 0, 0.9];
    const strategy = new LeastLoadStrategy(own, () => numbers.shift() ?? 0);
    const all = ['a', 'b', 'c'];
    for (const [index, tag] of all.entries()) own.health.report(tag, health(10 + index));
    expect([strategy.pick(all), strategy.pick(all)]).toEqual(['a', 'b']);
    for (const tag of all) own.health.report(tag, undefined);
    expect([strategy.pick(all), strategy.pick(all)]).toEqual(['a', 'b']);
    expect(strategy.pick(['b', 'c'])).toBe('b');
    own.health.report('b', health(undefined));
    expect(strategy.pick(all)).toBeUndefined();
  });

  it('goes by the round trip where no deviation is known', () => {
    const own = context(defaults);
    own.health.report('a', health(50));
    own.health.report('b', health(20));
    own.health.report('c', health(undefined));
    expect(new LeastLoadStrategy(own).pick(['a', 'b', 'c', 'd'])).toBe('b');
  });

  it('reads a cost of 0 from the tag', () => {
    const own = context({ ...defaults, costs: [{ regexp: true, match: 'x[\\d.]+$', value: 0 }] });
    for (const tag of ['a-x4', 'b-x0.25', 'c']) own.health.report(tag, health(100));
    expect(new LeastLoadStrategy(own).pick(['a-x4', 'b-x0.25', 'c'])).toBe('b-x0.25');
  });

  it('takes the best of any outbounds, and never a dead one', () => {
    fc.assert(
      fc.property(
        measured,
        fc.integer({ min: 0, max: 14 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (states, expected, number) => {
          const own = context({ ...defaults, expected });
          reported(own.health, states);
          const delays = new Map(
            states.flatMap(({ tag, state }) => (typeof state === 'number' ? [[tag, state] as const] : [])),
          );
          const picked = new LeastLoadStrategy(own, () => number).pick(states.map(({ tag }) => tag));
          if (delays.size === 0) {
            expect(picked).toBeUndefined();
            return;
          }
          const better = [...delays.values()].filter((delay) => delay < (delays.get(picked as string) as number));
          expect(better.length).toBeLessThan(Math.max(expected, 1));
        },
      ),
    );
  });

  it('reports an expression that is none', () => {
    const said: string[] = [];
    const costs = [
      { regexp: false, match: '(', value: 1 },
      { regexp: true, match: '(', value: 1 },
    ];
    leastLoadStrategy.check?.(
      { ...defaults, costs },
      { error: (path) => said.push(path.join('.')), warning: () => undefined },
    );
    expect(said).toEqual(['costs.1.match']);
  });
});
