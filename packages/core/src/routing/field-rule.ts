import {
  defineRuleType,
  Type,
  type AssetFiles,
  type ProblemReporter,
  type Rule,
  type RouteQuery,
  type TSchema,
} from '@sluice/plugin-api';
import { domainMatcher } from './matchers/domain.js';
import { inboundTagMatcher } from './matchers/inbound-tag.js';
import { ipMatcher, sourceMatcher } from './matchers/ip.js';
import { throwingReporter, type Matcher, type RouteTest } from './matchers/matcher.js';
import { networkMatcher } from './matchers/network.js';
import { portMatcher, sourcePortMatcher } from './matchers/port.js';
import { attrsMatcher, protocolMatcher } from './matchers/unavailable.js';
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

interface ParsedTest {
  readonly matcher: Matcher;
  readonly test: RouteTest;
}

/** Rules that were checked and cannot change: their lists from geo files can be large, and need not be read again. */
const parsedBefore = new WeakMap<FieldRuleFields, readonly ParsedTest[]>();

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
      error(path, message) {
        failed = true;
        problems.error(path, message);
      },
      warning: (path, message) => problems.warning(path, message),
    };
    const parsed = parseTests(rule, reporter, assets);
    if (!failed && Object.isFrozen(rule)) parsedBefore.set(rule, parsed);
    if (isSet(rule['balancerTag']) && !isSet(rule['outboundTag'])) {
      problems.error(['balancerTag'], 'balancers are not available yet: name an outbound with outboundTag');
    }
  },
  compile(rule, assets) {
    const parsed = parsedBefore.get(rule) ?? parseTests(rule, throwingReporter, assets);
    const tests = parsed.map(({ test }) => test);
    const needsIp = parsed.some(({ matcher }) => matcher.needsIp === true);
    return new FieldRule(tests, needsIp);
  },
});

class FieldRule implements Rule {
  readonly #tests: readonly RouteTest[];

  constructor(
    tests: readonly RouteTest[],
    readonly needsIp: boolean,
  ) {
    this.#tests = tests;
  }

  matches(query: RouteQuery): boolean {
    for (const test of this.#tests) if (!test(query)) return false;
    return true;
  }
}

function parseTests(rule: FieldRuleFields, problems: ProblemReporter, assets: AssetFiles): ParsedTest[] {
  const found: ParsedTest[] = [];
  for (const matcher of matchers) {
    const test = matcher.parse(rule, problems, assets);
    if (test !== undefined) found.push({ matcher, test });
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

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
