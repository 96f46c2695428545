import {
  defineRuleMatcher,
  definePlugin,
  destination,
  Type,
  type ProblemReporter,
  type Rule,
  type RouteQuery,
  type RuleTypeContribution,
} from '@sluice/plugin-api';
import { describe, expect, it } from 'vitest';
import { PluginContributions } from './contributions.js';
import { plugins } from './plugins.fixture.js';
import { withMatchers } from './rule-matchers.js';
import { composeSchema } from './schema/compose.js';

const noAssets = { read: () => new Uint8Array() };

/** Holds for connections to a port below the value. */
const below = defineRuleMatcher<number>({
  description: 'The port is below this one.',
  schema: Type.Integer({ minimum: 1 }),
  check: (value, problems) => {
    if (value > 65535) problems.error([], 'no port is so high');
  },
  compile: (value) => ({ holds: ({ target }) => target.port < value, describe: ({ target }) => `${target.port}` }),
});
const named = defineRuleMatcher<string>({
  description: 'The target resolves.',
  schema: Type.String(),
  compile: () => ({ holds: ({ ips }) => ips.length > 0, needsIp: true }),
});
const matchers = new Map([
  ['below', below],
  ['resolves', named],
]);

const query = (port: number, ips: readonly Uint8Array[] = []): RouteQuery => ({
  inboundTag: 'in',
  network: 'tcp',
  source: { address: '192.0.2.1', port: 1 },
  target: destination('tcp', 'example.org', port),
  user: undefined,
  attributes: undefined,
  protocol: undefined,
  ips,
});

/** A rule type with one condition of its own, `even`, and the message of a rule without any. */
const even: RuleTypeContribution = {
  description: 'For tests.',
  schema: Type.Object({ even: Type.Optional(Type.Boolean()) }),
  check: (rule, problems) => {
    if (Object.keys(rule as object).length === 0) problems.error([], 'the rule has no condition');
  },
  compile: () => {
    const conditions = [{ field: 'even', holds: ({ target }: RouteQuery) => target.port % 2 === 0 }];
    return { needsIp: false, conditions, matches: (asked) => conditions.every(({ holds }) => holds(asked)) };
  },
};
/** The same as a rule that says nothing of its conditions. */
const closed: RuleTypeContribution = {
  ...even,
  compile: () => ({ needsIp: false, matches: ({ target }) => target.port % 2 === 0 }),
};

function problemsOf(type: RuleTypeContribution, rule: object): string[] {
  const found: string[] = [];
  const problems: ProblemReporter = {
    error: (path, message) => void found.push(`${path.join('.')}: ${message}`),
    warning: () => undefined,
  };
  type.check?.(rule, problems, noAssets);
  return found;
}

describe('a further condition of rules', () => {
  it.each([
    ['that say their conditions', even],
    ['that do not', closed],
  ])('must hold together with those of the type: %s', (_how, type) => {
    const extended = withMatchers(type, matchers);
    const compile = (rule: object): Rule => extended.compile(rule, noAssets);
    const both = compile({ even: true, below: 100 });
    expect([80, 81, 180].map((port) => both.matches(query(port)))).toEqual([true, false, false]);
    expect([80, 81, 180].map((port) => compile({ below: 100 }).matches(query(port)))).toEqual([true, true, false]);
    expect([80, 81].map((port) => compile({ even: true }).matches(query(port)))).toEqual([true, false]);
    const late = compile({ even: true, resolves: 'yes', below: 100 });
    expect(late.needsIp).toBe(true);
    expect([[], [new Uint8Array(4)]].map((ips) => late.matches(query(80, ips)))).toEqual([false, true]);
    expect(late.conditions?.map(({ field }) => field)).toEqual(
      type === even ? ['below', 'even', 'resolves'] : undefined,
    );
    expect(both.needsIp).toBe(false);
  });

  it('is a condition by itself, and is checked at its place', () => {
    const extended = withMatchers(even, matchers);
    expect(problemsOf(extended, { below: 80 })).toEqual([]);
    expect(problemsOf(extended, {})).toEqual([': the rule has no condition']);
    expect(problemsOf(extended, { even: true, below: 70000 })).toEqual(['below: no port is so high']);
  });

  it('leaves rules that do not have it as they are', () => {
    expect(withMatchers(even, new Map())).toBe(even);
    const rule = Object.freeze({ even: true });
    const seen: unknown[] = [];
    const type = { ...even, compile: (given: unknown) => (seen.push(given), even.compile(given, noAssets)) };
    withMatchers(type, matchers).compile(rule, noAssets);
    expect(seen[0]).toBe(rule);
  });

  it('cannot take the place of one of the type', () => {
    expect(() => withMatchers(even, new Map([['even', below]]))).toThrow(
      expect.objectContaining({ code: 'E_REGISTRY_DUPLICATE' }),
    );
  });

  it('is in the schema of rules, and in what is loaded', () => {
    const plugin = definePlugin({ name: 'below', version: '1.0.0', description: '', ruleMatchers: { below } });
    const all = [...plugins, plugin];
    const { definitions } = composeSchema({ plugins: all }) as unknown as {
      definitions: { rule: { allOf: { if: unknown; then: { properties: object } }[] } };
    };
    const field = definitions.rule.allOf.find((each) => JSON.stringify(each.if).includes('"field"'));
    expect(field?.then.properties).toMatchObject({
      below: { type: 'integer', description: expect.stringContaining('The port is below this one.') as string },
    });
    const type = new PluginContributions(all).ruleTypes.get('field')?.contribution;
    expect(Object.keys((type?.schema as unknown as { properties: object }).properties)).toContain('below');
  });
});
