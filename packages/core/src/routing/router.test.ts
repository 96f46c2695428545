import { destination, SluiceError, type Resolver, type RuleTypeContribution } from '@sluice/plugin-api';
import { describe, expect, test } from 'vitest';
import { compileRules } from './compile.js';
import { fieldRule } from './field-rule.js';
import { assetsOf, DOMAIN, FULL, geoipFile, geositeFile, PLAIN, REGEX } from './geo/geo-data.fixture.js';
import type { RouteSubject } from './route-subject.js';
import { Router, type RouterOptions } from './router.js';

class FixedResolver implements Resolver {
  readonly asked: string[] = [];

  constructor(readonly names: Record<string, string[]>) {}

  resolve(domain: string): Promise<string[]> {
    this.asked.push(domain);
    const found = this.names[domain];
    return found === undefined
      ? Promise.reject(new SluiceError('E_DNS_NOT_FOUND', 'no such name'))
      : Promise.resolve(found);
  }
}

const names = { 'inside.example': ['10.1.2.3', '2001:db8::1'], 'outside.example': ['192.0.2.1'] };

const assets = assetsOf({
  'geoip.dat': geoipFile({ CN: ['10.0.0.0/8'], US: ['192.0.2.0/24', '2001:db8::/32'] }),
  'geosite.dat': geositeFile({
    SHOP: [
      { type: DOMAIN, value: 'Shop.Example' },
      { type: FULL, value: 'FULL.example' },
      { type: PLAIN, value: 'KeyWord' },
      { type: REGEX, value: '^R[0-9]+\\.Example$' },
    ],
  }),
});

function ruleType(name: string): RuleTypeContribution {
  if (name === 'field') return fieldRule;
  throw new SluiceError('E_REGISTRY_UNKNOWN', `there is no rule type "${name}"`);
}

function route(domainStrategy: RouterOptions['domainStrategy'], rules: { out: string; [field: string]: unknown }[]) {
  const resolver = new FixedResolver({ ...names });
  const configs = rules.map(({ out, ...fields }) => ({ type: 'field', outboundTag: out, fields }));
  const router = new Router({ rules: compileRules(configs, ruleType, assets), domainStrategy, resolver });
  return {
    resolver,
    pick: (host: string, change: Partial<RouteSubject> = {}) => router.pick({ ...subject(host), ...change }),
  };
}

function subject(host: string): RouteSubject {
  return {
    inboundTag: 'in',
    network: 'tcp',
    source: { address: '127.0.0.1', port: 50000 },
    target: destination('tcp', host, 443),
    user: undefined,
    attributes: undefined,
    protocol: undefined,
  };
}

const noMatch = { outboundTag: undefined, balancerTag: undefined, ruleIndex: undefined };

describe('Router', () => {
  test('takes the first rule that matches', () => {
    const { pick } = route('AsIs', [
      { out: 'a', port: 80 },
      { out: 'b', port: 443 },
      { out: 'c', port: 443 },
    ]);
    expect(pick('example.org')).toMatchObject({ outboundTag: 'b', ruleIndex: 1 });
  });

  test('says so when none does, or there is none', () => {
    expect(route('AsIs', [{ out: 'a', port: 80 }]).pick('example.org')).toEqual(noMatch);
    expect(route('IPOnDemand', []).pick('inside.example')).toEqual(noMatch);
  });

  test.each(['AsIs', 'IPIfNonMatch', 'IPOnDemand'] as const)(
    '%s: knows the IP of a target that is one, at once',
    (strategy) => {
      const { pick, resolver } = route(strategy, [{ out: 'a', ip: '10.0.0.0/8,2001:db8::/32' }]);
      expect([pick('10.9.9.9'), pick('2001:db8::9')]).toMatchObject([{ outboundTag: 'a' }, { outboundTag: 'a' }]);
      expect(pick('192.0.2.1')).toEqual(noMatch);
      expect(pick('/run/x.sock')).toEqual(noMatch);
      expect(resolver.asked).toEqual([]);
    },
  );

  test('AsIs never resolves', () => {
    const { pick, resolver } = route('AsIs', [{ out: 'a', ip: '10.0.0.0/8' }]);
    expect(pick('inside.example')).toEqual(noMatch);
    expect(resolver.asked).toEqual([]);
  });
});

describe('IPIfNonMatch', () => {
  const rules = [
    { out: 'ip', ip: '10.0.0.0/8' },
    { out: 'domain', domain: 'full:inside.example' },
  ];

  test('asks by domain first: a later domain rule beats an earlier IP rule', () => {
    const { pick, resolver } = route('IPIfNonMatch', rules);
    expect(pick('inside.example')).toMatchObject({ outboundTag: 'domain', ruleIndex: 1 });
    expect(resolver.asked).toEqual([]);
  });

  test('resolves when no rule has matched', async () => {
    const { pick, resolver } = route('IPIfNonMatch', rules.slice(0, 1));
    const picked = pick('inside.example');
    expect(picked).toBeInstanceOf(Promise);
    expect(await picked).toMatchObject({ outboundTag: 'ip', ruleIndex: 0 });
    expect(await pick('outside.example')).toEqual(noMatch);
    expect(resolver.asked).toEqual(['inside.example', 'outside.example']);
  });

  test('does not resolve for rules that look at no IP, or fail on another field', () => {
    const { pick, resolver } = route('IPIfNonMatch', [
      { out: 'a', port: 80 },
      { out: 'b', ip: '10.0.0.0/8', inboundTag: 'other' },
    ]);
    expect(pick('inside.example')).toEqual(noMatch);
    expect(resolver.asked).toEqual([]);
  });

  test('takes a name that cannot be resolved for one without IPs', async () => {
    const { pick } = route('IPIfNonMatch', [{ out: 'a', ip: '0.0.0.0/0' }]);
    expect(await pick('nowhere.example')).toEqual(noMatch);
  });
});

describe('IPOnDemand', () => {
  test('resolves at the first rule that looks at IPs, once', async () => {
    const { pick, resolver } = route('IPOnDemand', [
      { out: 'v4', ip: '10.0.0.0/16' },
      { out: 'v6', ip: '2001:db8::/32' },
      { out: 'domain', domain: 'full:inside.example' },
    ]);
    expect(await pick('inside.example')).toMatchObject({ outboundTag: 'v6', ruleIndex: 1 });
    expect(resolver.asked).toEqual(['inside.example']);
  });

  test('answers at once if an earlier rule matches', () => {
    const { pick, resolver } = route('IPOnDemand', [
      { out: 'domain', domain: 'full:inside.example' },
      { out: 'ip', ip: '10.0.0.0/8' },
    ]);
    expect(pick('inside.example')).toMatchObject({ outboundTag: 'domain', ruleIndex: 0 });
    expect(resolver.asked).toEqual([]);
  });

  test('goes on with the later rules, by domain too, when the name cannot be resolved', async () => {
    const { pick, resolver } = route('IPOnDemand', [
      { out: 'ip', ip: '0.0.0.0/0' },
      { out: 'ip6', ip: '::/0' },
      { out: 'domain', domain: 'nowhere' },
    ]);
    expect(await pick('nowhere.example')).toMatchObject({ outboundTag: 'domain', ruleIndex: 2 });
    expect(resolver.asked).toEqual(['nowhere.example']);
  });

  test('does not resolve for a rule whose other fields fail', () => {
    const { pick, resolver } = route('IPOnDemand', [
      { out: 'a', ip: '10.0.0.0/8', domain: 'full:other.example' },
      { out: 'b', port: 443 },
    ]);
    expect(pick('inside.example')).toMatchObject({ outboundTag: 'b', ruleIndex: 1 });
    expect(resolver.asked).toEqual([]);
  });
});

describe.each(['IPIfNonMatch', 'IPOnDemand'] as const)('%s with geo data', (strategy) => {
  test.each([
    ['inside.example', 'cn', ['10.1.2.3']],
    // Of several IPs any one may decide.
    ['inside.example', 'us', ['10.1.2.3', '192.0.2.1']],
    ['inside.example', 'us', ['2001:db8::1']],
    ['inside.example', undefined, ['203.0.113.1']],
    ['inside.example', undefined, []],
    ['10.9.9.9', 'cn', []],
    ['203.0.113.1', undefined, []],
  ])('%s is in %s by %j', async (host, out, answer) => {
    const { pick, resolver } = route(strategy, [
      { out: 'us', ip: ['geoip:us'] },
      { out: 'cn', ip: ['geoip:cn'] },
    ]);
    resolver.names['inside.example'] = answer;
    expect(await pick(host)).toMatchObject({ outboundTag: out });
    expect(resolver.asked).toEqual(host === 'inside.example' ? [host] : []);
  });

  test.each([
    ['10.1.2.3', undefined],
    ['192.0.2.1', 'abroad'],
    ['2001:db8::1', 'abroad'],
  ])('what is outside of a country: %s', async (ip, out) => {
    const { pick, resolver } = route(strategy, [{ out: 'abroad', ip: ['geoip:!cn'] }]);
    resolver.names['inside.example'] = [ip];
    expect(await pick('inside.example')).toMatchObject({ outboundTag: out });
    expect(await pick(ip)).toMatchObject({ outboundTag: out });
    // A name without IPs is nowhere.
    expect(await pick('nowhere.example')).toMatchObject({ outboundTag: undefined });
  });
});

describe('a domain in any case', () => {
  test.each([
    ['geosite:Shop', 'www.SHOP.example'],
    ['geosite:SHOP', 'Full.Example'],
    ['geosite:shop', 'my-KEYWORD.example'],
    ['geosite:shop', 'R12.example'],
    ['FULL:A.example', 'a.EXAMPLE'],
    ['Domain:A.Example', 'x.a.exAmple'],
    ['Keyword:WORD', 'a-Word.example'],
    ['WORD', 'a-woRD.example'],
    ['regexp:^A[B]+$', 'abB'],
    ['dotless:HOST', 'LocalHost'],
    ['domain:a.example', 'A.Example.'],
  ])('%s meets %s', (value, host) => {
    for (const named of [value, value.replace(/:.*/, (rest) => rest.toUpperCase())]) {
      if (named.startsWith('regexp') && named !== value) continue;
      expect(route('AsIs', [{ out: 'a', domain: [named] }]).pick(host)).toMatchObject({ outboundTag: 'a' });
    }
  });
});

describe('an explanation', () => {
  test('tells each condition, the resolving, and the end', async () => {
    const configs = [
      { type: 'field', outboundTag: 'a', fields: { port: '80-90', domain: ['full:a.example', 'q', 'w', 'z'] } },
      { type: 'field', outboundTag: 'b', fields: { inboundTag: ['in'], ip: ['geoip:cn'] } },
    ];
    const router = new Router({
      rules: compileRules(configs, ruleType, assets),
      domainStrategy: 'IPOnDemand',
      resolver: new FixedResolver(names),
    });
    expect(await router.explain(subject('inside.example'))).toEqual({
      steps: [
        {
          kind: 'rule',
          ruleIndex: 0,
          matches: false,
          conditions: [
            { field: 'port', holds: false, note: '443; wanted 80-90' },
            { field: 'domain', holds: false, note: 'inside.example; wanted full:a.example, q, w and 1 more' },
          ],
        },
        {
          kind: 'rule',
          ruleIndex: 1,
          matches: false,
          conditions: [
            { field: 'inboundTag', holds: true, note: 'in; wanted in' },
            { field: 'ip', holds: false, note: 'none; wanted geoip:cn' },
          ],
        },
        { kind: 'resolve', domain: 'inside.example', ips: ['10.1.2.3', '2001:db8::1'], failure: undefined },
        {
          kind: 'rule',
          ruleIndex: 1,
          matches: true,
          conditions: [
            { field: 'inboundTag', holds: true, note: 'in; wanted in' },
            { field: 'ip', holds: true, note: '10.1.2.3 2001:db8::1; wanted geoip:cn' },
          ],
        },
      ],
      decision: { outboundTag: 'b', balancerTag: undefined, ruleIndex: 1 },
    });
    const unknown = await router.explain(subject('unknown.example'));
    expect(unknown.steps[2]).toEqual({
      kind: 'resolve',
      domain: 'unknown.example',
      ips: [],
      failure: 'no such name',
    });
    expect(unknown.decision).toEqual(noMatch);
  });
});

describe('compileRules', () => {
  test('names the rule that cannot be compiled', () => {
    const good = { type: 'field', outboundTag: 'a', fields: { port: 80 } };
    const wrong = { type: 'field', outboundTag: 'a', fields: { ip: ['10.0.0.0/40'] } };
    expect(() => compileRules([good, wrong], ruleType, assetsOf({}))).toThrow(/^routing rule 1: ip\.0: .*prefix/);
    expect(() => compileRules([{ ...good, type: 'fild' }], ruleType, assetsOf({}))).toThrow(
      expect.objectContaining({ code: 'E_REGISTRY_UNKNOWN' }) as Error,
    );
  });
});
