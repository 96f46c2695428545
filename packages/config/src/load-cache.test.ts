import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inbound, loadValue, outbound } from './load.fixture.js';
import { LoadCache, writtenAs } from './load-cache.js';
import { loadTexts, prepareFormats } from './load.js';
import { plugins } from './plugins.fixture.js';

const rules = [
  { type: 'field', port: 80, outboundTag: 'out' },
  { type: 'FIELD', Port: '80', outboundTag: 'b' },
  { type: 'field', port: '443', inboundTag: 'in', outboundTag: 'out' },
  { type: 'field', domain: ['a', 5], outboundTag: 'out' },
  { type: 'field', domain: 'a&b', prot: 5, outboundTag: 'nowhere' },
  { type: 'field', outboundTag: 'out' },
  { type: 'field', port: 80, prot: 1, balancerTag: 'x' },
];
const config = (chosen: readonly object[]): object => ({
  inbounds: [inbound()],
  outbounds: [outbound(), outbound({ tag: 'b' })],
  routing: { rules: chosen },
});

describe('a cache', () => {
  it('changes nothing of what is said, whatever changes between', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.constantFrom(...rules), { maxLength: 6 }), { minLength: 2, maxLength: 5 }),
        (versions) => {
          const cache = new LoadCache();
          for (const version of versions) {
            const cached = loadValue(config(version), { cache });
            const plain = loadValue(config(version));
            expect(cached.diagnostics).toEqual(plain.diagnostics);
            expect(cached.config).toEqual(plain.config);
            expect(cached.sources).toEqual(plain.sources);
          }
        },
      ),
    );
  });

  it('keeps rules that are in order, and forgets those that are gone', () => {
    const cache = new LoadCache();
    const first = (version: readonly object[]): unknown =>
      loadValue(config(version), { cache }).config?.routing.rules[0]?.fields;
    const [a, b] = rules as [object, object];
    const fields = first([a]);
    expect(first([a, b])).toBe(fields);
    first([b]);
    first([b]);
    expect(first([a])).not.toBe(fields);
  });

  it('keeps rules of YAML, but for what an anchor means', async () => {
    await prepareFormats([{ file: 'a.yaml' }]);
    const cache = new LoadCache();
    const text = (port: number): string =>
      `ports: &p ${port}\noutbounds: [{protocol: exit, tag: out}]\nrouting:\n  rules:\n    - type: field\n      port: 80\n      outboundTag: out\n    - {type: field, port: *p, outboundTag: out}\n`;
    const fields = (port: number): unknown[] =>
      loadTexts([{ file: 'a.yaml', text: text(port) }], { plugins, cache, env: {} }).config?.routing.rules.map(
        (rule) => rule.fields,
      ) ?? [];
    const before = fields(81);
    const after = fields(82);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toEqual({ port: 82 });
  });

  it('takes the same text in two files for two', async () => {
    await prepareFormats([{ file: 'a.yaml' }]);
    const cache = new LoadCache();
    const text =
      '{"outbounds": [{"protocol": "exit", "tag": "out"}], "routing": {"rules": [{"type": "field", "domain": [5], "outboundTag": "out"}]}}';
    expect(loadTexts([{ file: 'a.yaml', text }], { plugins, cache, env: {} }).config).toBeDefined();
    expect(loadTexts([{ file: 'a.json', text }], { plugins, cache, env: {} }).diagnostics).toMatchObject([
      { code: 'C_TYPE', found: '5' },
    ]);
  });
});

describe('writtenAs', () => {
  it('tells values apart that look alike', () => {
    const node = (value: string | number | boolean, written?: string): Parameters<typeof writtenAs>[0] => ({
      kind: 'scalar',
      value,
      place: { pointer: '' },
      ...(written === undefined ? {} : { written }),
    });
    const all = [node('5'), node(5), node(5, '5'), node(5, '05'), node(55), node(true), node('true')];
    expect(new Set(all.map(writtenAs)).size).toBe(all.length);
  });
});
