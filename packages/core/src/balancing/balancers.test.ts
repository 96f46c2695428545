import { SluiceError, type BalancerStrategyContribution, type Logger, type OutboundHealth } from '@sluice/plugin-api';
import type { BalancerConfig } from '@sluice/config';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Balancers } from './balancers.js';
import { HealthTable } from './health-table.js';
import { balancerStrategies } from './strategies/index.js';

const alive = (delay: number, more: Partial<OutboundHealth> = {}): OutboundHealth => ({
  alive: true,
  delay,
  samples: 1,
  failures: 0,
  lastTryAt: 1,
  lastSeenAt: 1,
  ...more,
});
const dead: OutboundHealth = {
  alive: false,
  delay: undefined,
  samples: 1,
  failures: 1,
  lastTryAt: 1,
  lastSeenAt: undefined,
};

/** A log that keeps its lines. */
class KeptLines implements Logger {
  readonly lines: string[] = [];
  readonly debugEnabled = true;
  readonly debug = (message: string): void => void this.lines.push(`debug ${message}`);
  readonly info = (message: string): void => void this.lines.push(`info ${message}`);
  readonly warn = (message: string): void => void this.lines.push(`warn ${message}`);
  readonly error = (message: string): void => void this.lines.push(`error ${message}`);
}

interface Made {
  readonly balancers: Balancers;
  readonly health: HealthTable;
  readonly logger: KeptLines;
}

function made(strategies: Readonly<Record<string, BalancerStrategyContribution>> = {}): Made {
  const health = new HealthTable();
  const logger = new KeptLines();
  const all = { ...balancerStrategies, ...strategies };
  const balancers = new Balancers({
    health,
    load: () => 0,
    logger: () => logger,
    strategies: (name) => {
      const found = all[name];
      if (found === undefined) throw new SluiceError('E_REGISTRY_UNKNOWN', name);
      return found;
    },
  });
  return { balancers, health, logger };
}

function config(more: Partial<BalancerConfig> = {}, type = 'roundRobin', settings: unknown = {}): BalancerConfig {
  return { tag: 'b', selector: ['proxy-'], strategy: { type, settings }, ...more };
}

const codeOf = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error instanceof SluiceError ? error.code : error;
  }
};

const picks = (balancers: Balancers, count: number): string[] =>
  Array.from({ length: count }, () => balancers.pick('b'));

describe('members', () => {
  it('are the outbounds whose tags begin with a selector, in their order', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 4 })),
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 3 }), { minLength: 1, maxLength: 3 }),
        (tags, selector) => {
          const { balancers } = made();
          balancers.load([config({ selector })], tags);
          const [view] = balancers.views();
          expect(view?.members).toEqual(tags.filter((tag) => selector.some((prefix) => tag.startsWith(prefix))));
        },
      ),
    );
  });

  it('follow the outbounds', () => {
    const { balancers } = made();
    balancers.load([config()], ['direct', 'proxy-1']);
    expect(picks(balancers, 2)).toEqual(['proxy-1', 'proxy-1']);
    balancers.outboundsChanged(['direct', 'proxy-1', 'proxy-2']);
    expect(new Set(picks(balancers, 4))).toEqual(new Set(['proxy-1', 'proxy-2']));
    balancers.outboundsChanged(['direct', 'proxy-2']);
    expect(picks(balancers, 2)).toEqual(['proxy-2', 'proxy-2']);
    balancers.outboundsChanged(['direct']);
    expect(codeOf(() => balancers.pick('b'))).toBe('E_NO_OUTBOUND');
  });
});

describe('where no member is fit', () => {
  it.each(['random', 'roundRobin', 'leastPing', 'leastLoad'])('%s: the fallback is used, or none', (type) => {
    const settings = type === 'leastLoad' ? { expected: 0, maxRTT: '0', tolerance: 0, baselines: [], costs: [] } : {};
    const { balancers, health, logger } = made();
    balancers.load([config({ fallbackTag: 'direct' }, type, settings)], ['direct', 'proxy-1', 'proxy-2']);
    health.report('proxy-1', dead);
    health.report('proxy-2', dead);
    expect(picks(balancers, 3)).toEqual(['direct', 'direct', 'direct']);
    expect(logger.lines).toEqual(['warn the balancer finds none of its outbounds fit: they go to "direct"']);
    health.report('proxy-2', alive(10));
    expect(picks(balancers, 3)).toEqual(['proxy-2', 'proxy-2', 'proxy-2']);
    health.report('proxy-2', dead);
    balancers.load([config({}, type, settings)], ['direct', 'proxy-1', 'proxy-2']);
    expect(codeOf(() => balancers.pick('b'))).toBe('E_NO_OUTBOUND');
  });

  it('a strategy that throws is said, and counts as having found none', () => {
    const faulty: BalancerStrategyContribution = {
      ...(balancerStrategies['random'] as BalancerStrategyContribution),
      create: () => ({
        pick: () => {
          throw new TypeError('oh');
        },
      }),
    };
    const { balancers, logger } = made({ faulty });
    balancers.load([config({ fallbackTag: 'direct' }, 'faulty')], ['direct', 'proxy-1']);
    expect(balancers.pick('b')).toBe('direct');
    expect(logger.lines[0]).toContain('error the strategy "faulty" failed: oh');
  });
});

describe('an override', () => {
  it('takes any outbound that is there, until it is taken back or gone', () => {
    const { balancers } = made();
    balancers.load([config()], ['direct', 'proxy-1']);
    balancers.override('b', 'direct');
    expect(balancers.pick('b')).toBe('direct');
    expect(balancers.views()).toEqual([
      { tag: 'b', strategy: 'roundRobin', members: ['proxy-1'], fallbackTag: undefined, override: 'direct' },
    ]);
    balancers.override('b', undefined);
    expect(balancers.pick('b')).toBe('proxy-1');
    balancers.override('b', 'direct');
    balancers.outboundsChanged(['proxy-1']);
    expect(balancers.pick('b')).toBe('proxy-1');
  });

  it('outlives a reload, as long as its balancer and its outbound do', () => {
    const { balancers } = made();
    balancers.load([config(), config({ tag: 'c' })], ['direct', 'proxy-1']);
    balancers.override('b', 'direct');
    balancers.load([config({}, 'random')], ['direct', 'proxy-1', 'proxy-2']);
    expect(balancers.pick('b')).toBe('direct');
    expect(codeOf(() => balancers.pick('c'))).toBe('E_NO_OUTBOUND');
    balancers.load([], ['direct']);
    balancers.load([config()], ['direct', 'proxy-1']);
    expect(balancers.pick('b')).toBe('proxy-1');
  });

  it('is refused for what is not there', () => {
    const { balancers } = made();
    balancers.load([config()], ['proxy-1']);
    expect(codeOf(() => balancers.override('c', 'proxy-1'))).toBe('E_NOT_FOUND');
    expect(codeOf(() => balancers.override('b', 'proxy-2'))).toBe('E_NOT_FOUND');
    expect(balancers.pick('b')).toBe('proxy-1');
  });
});

describe('a reload', () => {
  it('leaves an unchanged balancer at its turn', () => {
    const { balancers } = made();
    const tags = ['proxy-1', 'proxy-2', 'proxy-3'];
    balancers.load([config()], tags);
    expect(picks(balancers, 2)).toEqual(['proxy-1', 'proxy-2']);
    balancers.load([config({ fallbackTag: 'proxy-1' })], tags);
    expect(picks(balancers, 2)).toEqual(['proxy-3', 'proxy-1']);
  });

  it('to a strategy that nobody brings changes nothing', () => {
    const { balancers } = made();
    balancers.load([config()], ['proxy-1']);
    expect(codeOf(() => balancers.load([config({ tag: 'c' }), config({}, 'best')], ['proxy-2']))).toBe(
      'E_REGISTRY_UNKNOWN',
    );
    expect(balancers.pick('b')).toBe('proxy-1');
    expect(balancers.views().map(({ tag }) => tag)).toEqual(['b']);
  });
});
