import type { RuleConfig } from '@sluice/config';
import { SluiceError, type AssetFiles, type Rule, type RuleTypeContribution } from '@sluice/plugin-api';

/** A rule and where it leads. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly outboundTag: string | undefined;
  /** Who chooses an outbound where none is named. */
  readonly balancerTag: string | undefined;
  /** The rule's place in `routing.rules`, from 0. */
  readonly index: number;
}

/** An entry of `routing.rules`, as far as it is looked at here. */
type RuleEntry = Pick<RuleConfig, 'type' | 'fields'> & {
  readonly outboundTag?: string | undefined;
  readonly balancerTag?: string | undefined;
};

/**
 * @param ruleType looks a type up by its name; throws E_REGISTRY_UNKNOWN
 * @throws SluiceError E_REGISTRY_UNKNOWN, and E_CONFIG_INVALID for what a check would have
 * reported; both name the rule
 */
export function compileRules(
  rules: readonly RuleEntry[],
  ruleType: (name: string) => RuleTypeContribution,
  assets: AssetFiles,
): CompiledRule[] {
  return rules.map(({ type, outboundTag, balancerTag, fields }, index) => {
    try {
      return { rule: ruleType(type).compile(fields, assets), outboundTag, balancerTag, index };
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      throw new SluiceError(error.code, `routing rule ${index}: ${error.message}`, { cause: error });
    }
  });
}
