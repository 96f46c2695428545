import { destination, ipToBytes, type Resolver, type Rule } from '@sluice/plugin-api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CompiledRule } from '../compile.js';
import { fieldRule } from '../field-rule.js';
import { assetsOf, DOMAIN, geoipFile, geositeFile, PLAIN } from '../geo/geo-data.fixture.js';
import { SubjectQuery, type RouteSubject } from '../route-subject.js';
import { Router, type RouterRules } from '../router.js';

const STRATEGIES = ['AsIs', 'IPIfNonMatch', 'IPOnDemand'] as const;

const assets = assetsOf({
  'geosite.dat': geositeFile({
    A: [
      { type: DOMAIN, value: 'a.b' },
      { type: PLAIN, value: 'bb' },
    ],
    B: [{ type: DOMAIN, value: 'b' }],
  }),
  'geoip.dat': geoipFile({ X: ['10.0.0.0/9', '2001:db8::/32'], Y: ['10.64.0.0/10', '192.0.2.0/24'] }),
});

// Few values, so that rules and connections meet, and many rules ask for the same.
const label = fc.constantFrom('a', 'b', 'bb', 'c');
const labels = fc.array(label, { minLength: 1, maxLength: 3 });
const name = labels.map((all) => all.join('.'));
const ip = fc.constantFrom('10.1.0.1', '10.65.0.1', '10.200.0.1', '192.0.2.1', '203.0.113.1', '2001:db8::1', '::1');
const tag = fc.constantFrom('in', 'socks', 'http', 'other');
const email = fc.constantFrom('a@x', 'b@x', 'c@x');
const port = fc.constantFrom(53, 80, 443, 8080);
const block = fc.constantFrom(
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.0.1',
  '0.0.0.0/0',
  '::/0',
  '2001:db8::/48',
  '192.0.2.0/25',
);

const domains = fc.oneof(
  fc.tuple(fc.constantFrom('full:', 'domain:', 'keyword:', ''), name).map(([prefix, value]) => prefix + value),
  fc.constantFrom('regexp:^a.*b$', 'regexp:bb\\.c', 'dotless:b', 'geosite:a', 'geosite:b'),
);
const ips = fc.oneof(block, fc.constantFrom('geoip:x', 'geoip:y', 'geoip:!x', 'geoip:!y'));
const some = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(one, { minLength: 1, maxLength: 3 });

/** Sparse, so that a good part of the rules matches. */
const fields = fc
  .record(
    {
      inboundTag: some(tag),
      network: fc.constantFrom('tcp', 'udp', 'tcp,udp'),
      port: fc.oneof(port, fc.constantFrom('50-100', '1-65535', '53,443')),
      sourcePort: fc.oneof(port, fc.constantFrom('1-1024')),
      user: some(email),
      source: some(ips),
      protocol: fc.constantFrom('http', 'tls', 'ht'),
      attrs: fc.constantFrom("attrs[':method'] == 'GET'", "'x' in attrs"),
      domain: some(domains),
      ip: some(ips),
    },
    { requiredKeys: [] },
  )
  .chain((all) =>
    fc.subarray(Object.keys(all) as (keyof typeof all)[], { minLength: 0, maxLength: 2 }).map((keys) => {
      const kept = keys.length === 0 ? { network: 'tcp,udp' } : Object.fromEntries(keys.map((key) => [key, all[key]]));
      return kept;
    }),
  );

/** Of a type of somebody else, that says nothing of its conditions. */
const foreign: fc.Arbitrary<Rule> = fc.oneof(
  fc
    .tuple(name, fc.boolean())
    .map(([host, needsIp]): Rule => ({ needsIp, matches: ({ target }) => target.host === host })),
  fc.tuple(ip, label).map(([wanted, host]): Rule => ({
    needsIp: true,
    matches: (query) =>
      query.target.host === host || query.ips.some((one) => Buffer.from(ipToBytes(wanted)).equals(one)),
  })),
);

const rule: fc.Arbitrary<Rule> = fc.oneof(
  { weight: 4, arbitrary: fields.map((one) => fieldRule.compile(one, assets)) },
  { weight: 1, arbitrary: foreign },
);

const subject: fc.Arbitrary<RouteSubject> = fc
  .record({
    inboundTag: tag,
    network: fc.constantFrom('tcp' as const, 'udp' as const),
    host: fc.oneof(name, ip, fc.constant('/run/a.sock')),
    port,
    source: fc.record({ address: fc.oneof(ip, fc.constant('/run/b.sock')), port }),
    user: fc.option(fc.record({ email: fc.option(email, { nil: undefined }), level: fc.constant(0) }), {
      nil: undefined,
    }),
    protocol: fc.constantFrom(undefined, 'http', 'http1', 'tls'),
    attributes: fc.constantFrom(undefined, {}, { ':method': 'GET' }, { x: '1' }),
  })
  .map(({ host, port: to, ...others }) => ({ ...others, target: destination(others.network, host, to) }));

const found = fc.array(ip, { maxLength: 2 });
const answers = fc
  .tuple(fc.record({ a: found, b: found, bb: found, c: found }), fc.dictionary(name, found, { maxKeys: 6 }))
  .map(([short, others]) => ({ ...others, ...short }));

class Answers implements Resolver {
  asked = 0;

  constructor(readonly names: Record<string, string[]>) {}

  resolve(domain: string): Promise<string[]> {
    this.asked += 1;
    return Promise.resolve(this.names[domain] ?? []);
  }
}

/** The rules one after the other, each asked in full: slow and plain. */
async function inOrder(
  rules: readonly Rule[],
  strategy: RouterRules['domainStrategy'],
  resolver: Resolver,
  asked: RouteSubject,
): Promise<number | undefined> {
  const query = new SubjectQuery(asked);
  const resolve = async (): Promise<void> => {
    query.resolved((await resolver.resolve(asked.target.host)).map((address) => ipToBytes(address)));
  };
  let missed = false;
  for (const [i, one] of rules.entries()) {
    query.missedIps = false;
    let matches = one.matches(query);
    if (query.missedIps && one.needsIp) {
      missed = true;
      if (strategy === 'IPOnDemand') {
        await resolve();
        matches = one.matches(query);
      }
    }
    if (matches) return i;
  }
  if (!missed || strategy !== 'IPIfNonMatch') return undefined;
  await resolve();
  const found = rules.findIndex((one) => one.needsIp && one.matches(query));
  return found < 0 ? undefined : found;
}

function compiled(rules: readonly Rule[]): CompiledRule[] {
  return rules.map((one, index) => ({ rule: one, outboundTag: `to-${index}`, balancerTag: undefined, index }));
}

test('a decision, and its explanation, is that of the rules asked one after the other, and resolves as often', async () => {
  let matched = 0;
  let resolved = 0;
  await fc.assert(
    fc.asyncProperty(
      // Few rules, of which none may match a name; and many.
      fc.oneof(fc.array(rule, { maxLength: 4 }), fc.array(rule, { minLength: 30, maxLength: 90 })),
      fc.array(subject, { minLength: 5, maxLength: 15 }),
      answers,
      async (rules, subjects, names) => {
        for (const domainStrategy of STRATEGIES) {
          const resolver = new Answers(names);
          const plain = new Answers(names);
          const explained = new Answers(names);
          const router = new Router({ rules: compiled(rules), domainStrategy, resolver });
          const explaining = new Router({ rules: compiled(rules), domainStrategy, resolver: explained });
          for (const asked of subjects) {
            const { ruleIndex } = await router.pick(asked);
            expect(ruleIndex).toBe(await inOrder(rules, domainStrategy, plain, asked));
            expect(resolver.asked).toBe(plain.asked);
            expect((await explaining.explain(asked)).decision.ruleIndex).toBe(ruleIndex);
            expect(explained.asked).toBe(plain.asked);
            if ((ruleIndex ?? 0) > 0) matched += 1;
          }
          resolved += resolver.asked;
        }
      },
    ),
    { numRuns: 200 },
  );
  // Otherwise the test would say little.
  expect(matched).toBeGreaterThan(500);
  expect(resolved).toBeGreaterThan(100);
});

test('a thousand rules by inbound, user or port are not asked one by one', () => {
  let asked = 0;
  const counted = (key: 'inboundTag' | 'user' | 'port', i: number): Rule => {
    const own = fieldRule.compile(
      key === 'port' ? { port: i + 1, network: 'tcp' } : { [key]: [`${key}-${i}`], network: 'tcp' },
      assets,
    );
    const conditions = own.conditions?.map((condition) => ({
      ...condition,
      holds: (query: Parameters<typeof condition.holds>[0]) => {
        asked += 1;
        return condition.holds(query);
      },
    }));
    return { ...own, conditions, matches: (query) => own.matches(query) };
  };
  const rules = (['inboundTag', 'user', 'port'] as const).flatMap((key) =>
    Array.from({ length: 400 }, (_, i) => counted(key, i)),
  );
  const resolver = new Answers({});
  const router = new Router({ rules: compiled(rules), domainStrategy: 'IPOnDemand', resolver });
  const pick = (inboundTag: string, user: string, to: number): unknown =>
    router.pick({
      ...connection(destination('tcp', 'a.example', to)),
      inboundTag,
      user: { email: user, level: 0 },
    });
  expect(pick('inboundTag-399', 'x', 9999)).toMatchObject({ ruleIndex: 399 });
  expect(pick('x', 'user-7', 9999)).toMatchObject({ ruleIndex: 407 });
  expect(pick('x', 'x', 400)).toMatchObject({ ruleIndex: 1199 });
  expect(pick('x', 'x', 9999)).toMatchObject({ ruleIndex: undefined });
  // The condition that a rule was found by, and the one for the network.
  expect(asked).toBe(6);
});

test('other rules take over at once; what waits for a name goes by the earlier ones', async () => {
  const byIp = compiled([fieldRule.compile({ ip: ['10.0.0.0/8'] }, assets)]);
  const byPort = [
    { rule: fieldRule.compile({ port: 443 }, assets), outboundTag: undefined, balancerTag: 'b', index: 0 },
  ];
  const resolver = new Answers({ 'a.b': ['10.1.0.1'] });
  const router = new Router({ rules: byIp, domainStrategy: 'IPOnDemand', resolver });
  const asked = connection(destination('tcp', 'a.b', 443));
  const waiting = router.pick(asked);
  router.load({ rules: byPort, domainStrategy: 'AsIs' });
  expect(router.pick(asked)).toEqual({ outboundTag: undefined, balancerTag: 'b', ruleIndex: 0 });
  expect(await waiting).toMatchObject({ outboundTag: 'to-0' });
});

test('a rule of a type that says nothing of its conditions is asked in both passes', async () => {
  const silent: Rule = { needsIp: true, matches: ({ ips }) => ips.some((one) => one[0] === 10) };
  const rules = compiled([fieldRule.compile({ ip: ['192.0.2.1'] }, assets), silent]);
  const resolver = new Answers({ 'a.b': ['10.1.0.1'] });
  const router = new Router({ rules, domainStrategy: 'IPIfNonMatch', resolver });
  expect(await router.pick(connection(destination('tcp', 'a.b', 443)))).toMatchObject({ ruleIndex: 1 });
  expect(router.pick(connection(destination('tcp', '10.0.0.1', 443)))).toMatchObject({ ruleIndex: 1 });
});

function connection(target: RouteSubject['target']): RouteSubject {
  return {
    inboundTag: 'in',
    network: 'tcp',
    source: { address: '127.0.0.1', port: 1 },
    target,
    user: undefined,
    protocol: undefined,
    attributes: undefined,
  };
}
