import {
  defineRuleType,
  Type,
  type AssetFiles,
  type ProblemReporter,
  type Rule,
  type RouteQuery,
  type RuleCondition,
  type TSchema,
} from '@sluice/plugin-api';
import { attrsMatcher } from './matchers/attrs.js';
import { domainMatcher } from './matchers/domain.js';
import { inboundTagMatcher } from './matchers/inbound-tag.js';
import { ipMatcher, sourceMatcher } from './matchers/ip.js';
import { throwingReporter, type Matcher } from './matchers/matcher.js';
import { networkMatcher } from './matchers/network.js';
import { portMatcher, sourcePortMatcher } from './matchers/port.js';
import { protocolMatcher } from './matchers/protocol.js';
import { userMatcher } from './matchers/user.js';

/** What a `field` rule can ask for, in the order of asking: the cheap first, the target's IPs last. */
const matchers: readonly Matcher[] = [
  inboundTagMatcher,
  networkMatcher,
  portMatcher,
  sourcePortMatcher,
  userMatcher,
  sourceMatcher,
  protocolMatcher,
  attrsMatcher,
  domainMatcher,
  ipMatcher,
];

/** The rule object's fields, of the shapes that the matchers' schemas accept. */
export type FieldRuleFields = Readonly<Record<string, unknown>>;

/** Rules that were checked and cannot change: their lists from geo files can be large, and need not be read again. */
const parsedBefore = new WeakMap<FieldRuleFields, readonly RuleCondition[]>();

/**
 * V2Ray's rule type: the fields of a rule must all match, of a field's values any one.
 */
export const fieldRule = defineRuleType<FieldRuleFields>({
  description:
    "Matches by the connection's fields: all fields that are set must match, of each field's values any one.",
  schema: fieldSchema(),
  check(rule, problems, assets) {
    let failed = false;
    const reporter: ProblemReporter = {
      error(path, message, details) {
        failed = true;
        problems.error(path, message, details);
      },
      warning: (path, message, details) => problems.warning(path, message, details),
    };
    const parsed = parseConditions(rule, reporter, assets);
    if (!failed && Object.isFrozen(rule)) parsedBefore.set(rule, parsed);
  },
  compile(rule, assets) {
    const parsed = parsedBefore.get(rule) ?? parseConditions(rule, throwingReporter, assets);
    return new FieldRule(parsed);
  },
});

class FieldRule implements Rule {
  readonly needsIp: boolean;

  constructor(readonly conditions: readonly RuleCondition[]) {
    this.needsIp = conditions.some((condition) => condition.needsIp === true);
  }

  matches(query: RouteQuery): boolean {
    for (const condition of this.conditions) if (!condition.holds(query)) return false;
    return true;
  }
}

function parseConditions(rule: FieldRuleFields, problems: ProblemReporter, assets: AssetFiles): RuleCondition[] {
  const found: RuleCondition[] = [];
  for (const matcher of matchers) {
    const condition = matcher.parse(rule, problems, assets);
    if (condition !== undefined) found.push(condition);
  }
  // A field with nothing but mistakes is a condition all the same: its own error is enough.
  if (found.length === 0) {
    const known = matchers.flatMap((matcher) => Object.keys(matcher.fields)).join(', ');
    problems.error([], `the rule has no condition and would match everything; conditions are ${known}`);
  }
  return found;
}

function fieldSchema(): TSchema {
  const fields: Record<string, TSchema> = {};
  for (const matcher of matchers) {
    for (const [key, schema] of Object.entries<TSchema>(matcher.fields)) fields[key] = Type.Optional(schema);
  }
  return Type.Object(fields, { description: "A rule by the connection's fields." });
}
