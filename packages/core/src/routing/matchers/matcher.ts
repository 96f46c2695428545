import {
  SluiceError,
  type AssetFiles,
  type ProblemReporter,
  type RuleCondition,
  type TSchema,
} from '@sluice/plugin-api';

/**
 * A condition that a `field` rule can have: the fields that it reads from the rule object, and how
 * they become a condition. A new kind of condition is a new matcher in the list of `field-rule.ts`.
 */
export interface Matcher<F = unknown> {
  /** By field name; the rule's schema is put together from these. */
  readonly fields: Readonly<Record<keyof F & string, TSchema>>;
  /**
   * Reads the fields of a rule that the schemas accept. Every mistake goes to `problems`.
   * @param assets where the data files are that values name
   * @returns the condition, or undefined if the rule does not set it
   */
  parse(rule: Readonly<F>, problems: ProblemReporter, assets: AssetFiles): RuleCondition | undefined;
}

/** Keeps the fields' types while the list of matchers forgets them. */
export function defineMatcher<F extends object>(matcher: Matcher<F>): Matcher {
  return matcher;
}

/** For rules that were checked before: an error now is a caller's, and is thrown. */
export const throwingReporter: ProblemReporter = {
  error(path, message) {
    throw new SluiceError('E_CONFIG_INVALID', path.length === 0 ? message : `${path.join('.')}: ${message}`);
  },
  warning: () => undefined,
};
