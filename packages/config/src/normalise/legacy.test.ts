import { describe, expect, it } from 'vitest';
import { inbound, loadValue, outbound, summary } from '../load.fixture.js';

describe('forms of older versions', () => {
  it('reads inbound, inboundDetour, outbound and outboundDetour before the lists', () => {
    const result = loadValue({
      inbounds: [inbound({ tag: 'c', port: 3 })],
      inboundDetour: [inbound({ tag: 'b', port: 2 })],
      inbound: inbound({ tag: 'a', port: 1 }),
      outbounds: [outbound({ tag: 'z' })],
      outboundDetour: [outbound({ tag: 'y' })],
      outbound: outbound({ tag: 'x' }),
    });
    expect(result.config?.inbounds.map(({ tag }) => tag)).toEqual(['a', 'b', 'c']);
    expect(result.config?.outbounds.map(({ tag }) => tag)).toEqual(['x', 'y', 'z']);
    expect(summary(result)).toEqual([
      'warning C_DEPRECATED /inboundDetour',
      'warning C_DEPRECATED /inbound',
      'warning C_DEPRECATED /outboundDetour',
      'warning C_DEPRECATED /outbound',
    ]);
  });

  it('gives the port at the top to the first inbound that has none', () => {
    const result = loadValue({ port: 1234, inbound: inbound({ port: null }), inbounds: [inbound({ tag: 'b' })] });
    expect(result.config?.inbounds.map(({ ports }) => ports[0]?.from)).toEqual([1234, 1080]);
    expect(summary(result)).toEqual(['warning C_DEPRECATED /port', 'warning C_DEPRECATED /inbound']);
    expect(loadValue({ port: 1234, inbounds: [inbound()] }).config?.inbounds[0]?.ports).toEqual([
      { from: 1080, to: 1080 },
    ]);
  });

  it('reads routing.settings: rules after those of routing, domainStrategy where routing has none', () => {
    const rule = (port: number): object => ({ type: 'field', port, outboundTag: 'out' });
    const settings = { domainStrategy: 'ipondemand', rules: [rule(2)] };
    const older = loadValue({ outbounds: [outbound()], routing: { strategy: 'rules', settings } });
    expect(older.config?.routing).toEqual({
      domainStrategy: 'IPOnDemand',
      rules: [{ type: 'field', outboundTag: 'out', balancerTag: undefined, fields: { port: 2 } }],
      balancers: [],
    });
    expect(summary(older)).toEqual(['warning C_IGNORED /routing/strategy', 'warning C_DEPRECATED /routing/settings']);
    const both = loadValue({
      outbounds: [outbound()],
      routing: { domainStrategy: 'IPIfNonMatch', rules: [rule(1)], settings },
    });
    expect(both.config?.routing).toMatchObject({
      domainStrategy: 'IPIfNonMatch',
      rules: [{ fields: { port: 1 } }, { fields: { port: 2 } }],
    });
  });

  it('reports problems where the older form stands', () => {
    const result = loadValue({
      inboundDetour: 5,
      inbound: inbound({ port: 0 }),
      routing: { settings: { rules: [{ port: 1, outboundTag: 'x' }] } },
    });
    expect(summary(result)).toEqual([
      'warning C_DEPRECATED /inboundDetour',
      'error C_TYPE /inboundDetour',
      'warning C_DEPRECATED /inbound',
      'error C_PORT /inbound/port',
      'warning C_DEPRECATED /routing/settings',
      'error C_MISSING /routing/settings/rules/0/type',
      'error C_UNKNOWN_OUTBOUND /routing/settings/rules/0/outboundTag',
    ]);
  });
});
