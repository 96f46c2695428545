import { definePlugin, defineService, Type } from '@sluice/plugin-api';
import { describe, expect, it } from 'vitest';
import { loadValue, outbound, summary } from '../load.fixture.js';
import { plugins } from '../plugins.fixture.js';

const outbounds = [outbound({ tag: 'direct' }), outbound({ tag: 'proxy-1' }), outbound({ tag: 'proxy-2' })];
const rules = [{ type: 'field', port: 80, balancerTag: 'b', ruleTag: 'web' }];

const observatory = definePlugin({
  name: 'probes',
  version: '0.0.0',
  description: 'For tests.',
  services: {
    probes: defineService({
      description: 'Probes.',
      schema: Type.Object({}),
      reportsHealth: true,
      create: () => ({}),
    }),
  },
});

describe('balancers', () => {
  it.each<[string, object, object]>([
    ['the least', { selector: ['proxy-'] }, { strategy: { type: 'random', settings: {} } }],
    ['a list in a text', { selector: 'proxy-, direct' }, { selector: ['proxy-', 'direct'] }],
    ['a strategy by its name alone', { selector: ['proxy-'], strategy: 'Random' }, { strategy: { type: 'random' } }],
    [
      'a strategy with its settings in any case',
      { selector: ['proxy-'], STRATEGY: { Type: 'BEST', settings: { Of: 3 } } },
      { strategy: { type: 'best', settings: { of: 3 } } },
    ],
    [
      "a strategy's defaults",
      { selector: ['proxy-'], strategy: { type: 'best' } },
      { strategy: { type: 'best', settings: { of: 2 } } },
    ],
    ['an empty type', { selector: ['proxy-'], strategy: { type: '' } }, { strategy: { type: 'random', settings: {} } }],
    ['a fallback', { selector: ['proxy-'], fallbackTag: 'direct' }, { fallbackTag: 'direct' }],
    ['an empty fallback', { selector: ['proxy-'], fallbackTag: '' }, { tag: 'b' }],
  ])('carry %s', (_name, balancer, expected) => {
    const value = { outbounds, routing: { rules, balancers: [{ tag: 'b', ...balancer }] }, probes: {} };
    const result = loadValue(value, { plugins: [...plugins, observatory] });
    expect(summary(result)).toEqual([]);
    expect(result.config?.routing.balancers[0]).toMatchObject(expected);
    expect(result.config?.routing.rules).toEqual([
      { type: 'field', outboundTag: undefined, balancerTag: 'b', ruleTag: 'web', fields: { port: 80 } },
    ]);
  });

  it('are read from the older place, too', () => {
    const result = loadValue({
      outbounds,
      routing: { settings: { rules, balancers: [{ tag: 'b', selector: ['p'] }] } },
    });
    expect(result.config?.routing.balancers).toMatchObject([{ tag: 'b', selector: ['p'] }]);
  });

  it('are asked for their tags and selectors', () => {
    const result = loadValue({
      outbounds,
      routing: { balancers: [{ selector: ['p'] }, { tag: 'b' }, { tag: '', selector: ['p'] }] },
    });
    expect(summary(result)).toEqual([
      'error C_MISSING /routing/balancers/0/tag',
      'error C_MISSING /routing/balancers/1/selector',
      'error C_VALUE /routing/balancers/2/tag',
    ]);
  });

  it('may lead to nobody only by a missing outboundTag', () => {
    const result = loadValue({ outbounds, routing: { rules: [{ type: 'field', port: 80, balancerTag: '' }] } });
    expect(summary(result)).toEqual(['error C_MISSING /routing/rules/0/outboundTag']);
  });
});
