import { loadObject, type Diagnostic, type SluiceConfig } from '@sluice/config';
import { corePlugin, routerOf } from '@sluice/core';
import { destination } from '@sluice/plugin-api';
import blackhole from '@sluice/plugin-blackhole';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const plugins = [corePlugin, blackhole];

/** The hidden ones of rules that all lead to one outbound. */
function loadAll(rules: readonly object[]): number[] {
  const outbounds = [{ tag: 'out', protocol: 'blackhole' }];
  const routing = { rules: rules.map((rule) => ({ type: 'field', ...rule, outboundTag: 'out' })) };
  return hiddenIn(loadObject({ outbounds, routing }, { plugins, env: {} }).diagnostics);
}

/** Each rule leads to an outbound of its own, so that which rule has matched shows in the outbound. */
function load(rules: readonly object[], domainStrategy = 'AsIs'): { config: SluiceConfig; hidden: number[] } {
  const { config, diagnostics } = loadObject(
    {
      outbounds: [
        { tag: 'first', protocol: 'blackhole' },
        ...rules.map((_, i) => ({ tag: `${i}`, protocol: 'blackhole' })),
      ],
      routing: { domainStrategy, rules: rules.map((rule, i) => ({ type: 'field', ...rule, outboundTag: `${i}` })) },
    },
    { plugins, env: {} },
  );
  if (config === undefined) throw new TypeError(JSON.stringify(diagnostics));
  return { config, hidden: hiddenIn(diagnostics) };
}

function hiddenIn(diagnostics: readonly Diagnostic[]): number[] {
  const found = diagnostics.filter(({ code }) => code === 'C_HIDDEN_RULE');
  return found.map(({ pointer }) => Number(pointer.split('/').at(-1)));
}

describe('a rule that an earlier one hides', () => {
  it.each<[string, object, object]>([
    ['everything', { network: 'tcp,udp' }, { domain: ['a.org'], ip: ['10.0.0.0/8'], attrs: 'True' }],
    ['the same', { domain: ['regexp:^a'], attrs: 'True' }, { domain: ['regexp:^a'], attrs: 'True' }],
    ['a network', { network: 'tcp' }, { network: ['TCP'], port: 80 }],
    ['a port', { port: '80-90,91-100' }, { port: '85-95' }],
    ['many ports', { port: '1-65535' }, { port: '85-95' }],
    ['a port beside more', { port: '443' }, { port: '443', inboundTag: ['a'], source: ['10.0.0.1'] }],
    ['a source port', { sourcePort: '1000-2000' }, { sourcePort: 1500 }],
    ['tags', { inboundTag: ['a', 'b', 'c'] }, { inboundTag: 'c,a' }],
    ['users', { user: ['a@x', 'b@x'] }, { user: ['b@x'], port: 1 }],
    ['the beginning of a protocol', { protocol: 'http' }, { protocol: ['http1', 'http2'] }],
    ['a subdomain', { domain: ['domain:example.org'] }, { domain: ['full:www.example.org', 'domain:a.b.example.org'] }],
    ['a domain by the other key', { domain: ['domain:example.org'] }, { domains: ['full:EXAMPLE.org'] }],
    ['a word', { domain: ['keyword:amp'] }, { domain: ['full:example.org', 'domain:camp', 'xampx'] }],
    ['a word without a dot', { domain: ['dotless:oca'] }, { domain: ['full:localhost', 'dotless:local'] }],
    ['an expression', { domain: ['regexp:^a$', 'b'] }, { domain: ['regexp:^a$'] }],
    ['addresses', { ip: ['10.0.0.0/8', '::/0'] }, { ip: ['10.1.0.0/16', '2001:db8::1'], domain: ['a'] }],
    ['halves', { ip: ['10.0.0.0/9', '10.128.0.0/9'] }, { ip: ['10.0.0.0/8'] }],
    ['sources', { source: ['192.0.2.0/24'] }, { source: '192.0.2.1,192.0.2.2' }],
    [
      'a large list',
      { domain: Array.from({ length: 100 }, (_, i) => `domain:${i}.org`) },
      { domain: ['full:a.77.org'] },
    ],
    ['large blocks', { ip: Array.from({ length: 100 }, (_, i) => `10.${i}.0.0/16`) }, { ip: ['10.20.30.40'] }],
  ])('is found by %s', (_, first, second) => {
    expect(load([first, second]).hidden).toEqual([1]);
    expect(load([{ port: 1, network: 'udp', attrs: 'False' }, first, { attrs: 'True' }, second]).hidden).toContain(3);
  });

  it.each<[string, object, object]>([
    ['the other order', { port: 80, network: 'tcp' }, { port: 80 }],
    ['another condition', { inboundTag: ['a'] }, { port: 80 }],
    ['one more condition', { inboundTag: ['a'], attrs: 'True' }, { inboundTag: ['a'] }],
    ['one value too many', { domain: ['domain:a.org'] }, { domain: ['domain:a.org', 'domain:b.org'] }],
    ['a parent domain', { domain: ['domain:a.example.org'] }, { domain: ['domain:example.org'] }],
    ['a domain that ends alike', { domain: ['domain:example.org'] }, { domain: ['full:notexample.org'] }],
    ['one full name', { domain: ['full:example.org'] }, { domain: ['domain:example.org'] }],
    ['words without a dot', { domain: ['dotless:a'] }, { domain: ['keyword:a'] }],
    ['a word that names may have beside a dot', { domain: ['dotless:a'] }, { domain: ['domain:a'] }],
    ['addresses of the other kind', { ip: ['::/0'] }, { ip: ['10.0.0.0/8'] }],
    ['all but one address', { ip: ['10.0.0.0/9'] }, { ip: ['10.0.0.0/8'] }],
    ['what is not in a list', { source: ['10.0.0.0/8'] }, { ip: ['10.0.0.0/8'] }],
    ['a gap between ports', { port: '80-84,86-90' }, { port: '80-90' }],
    ['every port but 0', { port: '1-65535' }, { network: 'tcp' }],
    ['a longer protocol', { protocol: 'http1' }, { protocol: 'http' }],
    ['a tag that only begins alike', { inboundTag: 'ab' }, { inboundTag: 'a' }],
  ])('is not claimed for %s', (_, first, second) => {
    expect(load([first, second]).hidden).toEqual([]);
  });

  it('stays quick with many rules that have all in common but one value', () => {
    const rules = Array.from({ length: 10_000 }, (_, i) => ({
      inboundTag: ['in'],
      network: 'tcp',
      port: '1000-2000',
      domain: [`domain:${i % 5000}.example.org`, 'keyword:same', `full:${i}.example.net`],
    }));
    expect(loadAll(rules)).toEqual([]);
    const alike = Array.from({ length: 10_000 }, (_, i) => ({ port: `1-${i + 1000}`, sourcePort: `${i + 1}-20000` }));
    expect(loadAll(alike)).toEqual([]);
  });

  // Few values, so that rules and connections meet.
  const name = fc.array(fc.constantFrom('a', 'b', 'bb'), { minLength: 1, maxLength: 3 }).map((all) => all.join('.'));
  const ip = fc.constantFrom('10.1.0.1', '10.65.0.1', '192.0.2.1', '2001:db8::1', '::1');
  const some = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(one, { minLength: 1, maxLength: 3 });
  const blocks = some(
    fc.constantFrom('10.0.0.0/8', '10.0.0.0/9', '10.128.0.0/9', '10.1.0.1', '0.0.0.0/0', '::/0', '2001:db8::/48'),
  );
  const domains = some(
    fc.oneof(
      fc
        .tuple(fc.constantFrom('full:', 'domain:', 'keyword:', 'dotless:', ''), name)
        .map(([prefix, value]) => (prefix === 'dotless:' ? `dotless:${value.slice(0, 1)}` : prefix + value)),
      fc.constantFrom('regexp:^a.*b$', 'regexp:bb'),
    ),
  );
  const rule = fc
    .record({
      inboundTag: some(fc.constantFrom('in', 'other')),
      network: fc.constantFrom('tcp', 'udp', 'tcp,udp'),
      port: fc.constantFrom(80, '50-100', '50-79,80-90', '1-65535', '53,443'),
      sourcePort: fc.constantFrom(80, '1-1024'),
      user: some(fc.constantFrom('a@x', 'b@x')),
      source: blocks,
      protocol: some(fc.constantFrom('http', 'http1', 'tls', 'ht')),
      attrs: fc.constantFrom("attrs[':method'] == 'GET'", "'x' in attrs"),
      domain: domains,
      ip: blocks,
    })
    .chain((all) =>
      fc
        .subarray(Object.keys(all) as (keyof typeof all)[], { minLength: 1, maxLength: 2 })
        .map((keys) => Object.fromEntries(keys.map((key) => [key, all[key]]))),
    );
  const subject = fc
    .record({
      inboundTag: fc.constantFrom('in', 'other'),
      network: fc.constantFrom('tcp' as const, 'udp' as const),
      host: fc.oneof(name, ip),
      port: fc.constantFrom(0, 53, 80, 85, 443),
      source: fc.record({ address: ip, port: fc.constantFrom(80, 5000) }),
      user: fc.constantFrom(undefined, { email: 'a@x', level: 0 }, { email: 'b@x', level: 0 }),
      protocol: fc.constantFrom(undefined, 'http', 'http1', 'tls'),
      attributes: fc.constantFrom(undefined, {}, { ':method': 'GET' }, { x: '1' }),
    })
    .map(({ host, port, ...others }) => ({ ...others, target: destination(others.network, host, port) }));

  it('is never reached, whatever connections come', async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(rule, { minLength: 2, maxLength: 12 }),
        fc.constantFrom('AsIs', 'IPIfNonMatch', 'IPOnDemand'),
        fc.array(subject, { minLength: 10, maxLength: 20 }),
        fc.array(ip, { maxLength: 2 }),
        async (rules, domainStrategy, subjects, addresses) => {
          const { config, hidden } = load(rules, domainStrategy);
          found += hidden.length;
          const router = routerOf(config, { plugins, resolver: { resolve: () => Promise.resolve(addresses) } });
          for (const one of subjects) {
            const { ruleIndex } = await router.pick(one);
            expect(hidden).not.toContain(ruleIndex);
          }
        },
      ),
      { numRuns: 400 },
    );
    expect(found).toBeGreaterThan(100);
  });
});
