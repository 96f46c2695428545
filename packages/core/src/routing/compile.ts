import type { RuleConfig } from '@sluice/config';
import { SluiceError, type AssetFiles, type Rule, type RuleTypeContribution } from '@sluice/plugin-api';

/** A rule and where it leads. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly outboundTag: string;
  /** The rule's place in `routing.rules`, from 0. */
  readonly index: number;
}

/**
 * @param ruleType looks a type up by its name; throws E_REGISTRY_UNKNOWN
 * @throws SluiceError E_REGISTRY_UNKNOWN, and E_CONFIG_INVALID for what a check would have
 * reported; both name the rule
 */
export function compileRules(
  rules: readonly RuleConfig[],
  ruleType: (name: string) => RuleTypeContribution,
  assets: AssetFiles,
): CompiledRule[] {
  return rules.map(({ type, outboundTag, fields }, index) => {
    try {
      return { rule: ruleType(type).compile(fields, assets), outboundTag, index };
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      throw new SluiceError(error.code, `routing rule ${index}: ${error.message}`, { cause: error });
    }
  });
}
