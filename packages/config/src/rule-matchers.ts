import {
  SluiceError,
  type AssetFiles,
  type ContributionSchema,
  type PluginSchemaFile,
  type ProblemReporter,
  type Rule,
  type RuleCondition,
  type RuleMatcherContribution,
  type RuleTypeContribution,
  type TSchema,
} from '@sluice/plugin-api';

/** The type whose rules take further conditions. */
export const EXTENSIBLE_TYPE = 'field';

/** By the key of a rule. */
export type RuleMatchers = ReadonlyMap<string, RuleMatcherContribution>;

type Fields = Readonly<Record<string, unknown>>;

/** A rule type's schema with the keys of further conditions. */
function withMatcherKeys(
  schema: ContributionSchema['schema'],
  matchers: Iterable<readonly [string, ContributionSchema]>,
): ContributionSchema['schema'] {
  const further = [...matchers].map(([name, { schema: own, description }]) => [name, { description, ...own }]);
  return { ...schema, properties: { ...(schema['properties'] as object), ...Object.fromEntries(further) } };
}

/** What plugins' schema files contribute, with the conditions of all in the rules that take them. */
export function withMatchersOf(
  name: string,
  type: ContributionSchema,
  plugins: readonly PluginSchemaFile[],
): ContributionSchema {
  if (name !== EXTENSIBLE_TYPE) return type;
  const matchers = plugins.flatMap(({ ruleMatchers = {} }) => Object.entries(ruleMatchers));
  return matchers.length === 0 ? type : { ...type, schema: withMatcherKeys(type.schema, matchers) };
}

/**
 * A rule type whose rules may have further conditions beside their own; all must hold.
 * @throws SluiceError E_REGISTRY_DUPLICATE for a condition that the type has itself
 */
export function withMatchers(type: RuleTypeContribution, matchers: RuleMatchers): RuleTypeContribution {
  if (matchers.size === 0) return type;
  const own = (type.schema as { readonly properties?: object }).properties ?? {};
  for (const name of matchers.keys())
    if (Object.hasOwn(own, name))
      throw new SluiceError('E_REGISTRY_DUPLICATE', `rules of the type "${EXTENSIBLE_TYPE}" have a "${name}" already`);
  return {
    ...type,
    schema: withMatcherKeys(type.schema, matchers) as unknown as TSchema,
    check(rule: unknown, problems: ProblemReporter, assets: AssetFiles) {
      const { rest, further } = parted(rule as Fields, matchers);
      if (rest !== undefined) type.check?.(rest, problems, assets);
      for (const [name, value, matcher] of further) matcher.check?.(value, below(name, problems), assets);
    },
    compile(rule: unknown, assets: AssetFiles): Rule {
      const { rest, further } = parted(rule as Fields, matchers);
      const conditions = further.map(([field, value, matcher]) => ({ ...matcher.compile(value, assets), field }));
      return joined(rest === undefined ? undefined : type.compile(rest, assets), conditions);
    },
  };
}

interface Parted {
  /** What the type itself knows; undefined where there is nothing of it, which alone would be a rule without conditions. */
  readonly rest: Fields | undefined;
  readonly further: readonly (readonly [string, unknown, RuleMatcherContribution])[];
}

function parted(rule: Fields, matchers: RuleMatchers): Parted {
  const further = [...matchers].flatMap(([name, matcher]) =>
    rule[name] === undefined ? [] : [[name, rule[name], matcher] as const],
  );
  // The very same object, which the type may have met before.
  if (further.length === 0) return { rest: rule, further };
  const rest = Object.fromEntries(Object.entries(rule).filter(([key]) => !matchers.has(key)));
  return { rest: Object.keys(rest).length === 0 ? undefined : rest, further };
}

function below(name: string, problems: ProblemReporter): ProblemReporter {
  return {
    error: (path, message) => problems.error([name, ...path], message),
    warning: (path, message) => problems.warning([name, ...path], message),
  };
}

function joined(rule: Rule | undefined, further: readonly RuleCondition[]): Rule {
  if (further.length === 0 && rule !== undefined) return rule;
  // Those that need IPs come last, so that as few names as can be are resolved.
  const needsIp = (condition: RuleCondition): boolean => condition.needsIp === true;
  const [early, late] = [further.filter((condition) => !needsIp(condition)), further.filter(needsIp)];
  const holds = (conditions: readonly RuleCondition[]): Rule['matches'] => {
    return (query) => conditions.every((condition) => condition.holds(query));
  };
  if (rule !== undefined && rule.conditions === undefined) {
    const [first, last] = [holds(early), holds(late)];
    return {
      needsIp: rule.needsIp || late.length > 0,
      matches: (query) => first(query) && rule.matches(query) && last(query),
    };
  }
  const own = rule?.conditions ?? [];
  const conditions = [...early, ...own.filter((each) => !needsIp(each)), ...own.filter(needsIp), ...late];
  return { needsIp: conditions.some(needsIp), conditions, matches: holds(conditions) };
}
