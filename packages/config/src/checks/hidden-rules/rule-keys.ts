import type { AssetFiles, RuleKey, RuleTypeContribution } from '@sluice/plugin-api';
import type { RuleEntry } from '../../entries/rule.js';

/** What a rule asks for, as far as it can be compared with others. */
export interface RuleKeys {
  /** Whoever comes to the rule meets each of these; there may be further conditions. */
  readonly keys: readonly RuleKey[];
  /** Whether there are no further ones: the rule takes whatever meets the keys. */
  readonly isComplete: boolean;
  /** Equal for rules that are written alike. */
  readonly written: string;
}

/** @returns undefined if the rule has errors */
export function ruleKeys(
  { type, fields }: RuleEntry,
  ruleTypes: ReadonlyMap<string, { readonly contribution: RuleTypeContribution }>,
  assets: AssetFiles,
): RuleKeys | undefined {
  const known = type === undefined ? undefined : ruleTypes.get(type.toLowerCase());
  if (known === undefined || fields === undefined) return undefined;
  const written = `${type} ${JSON.stringify(fields)}`;
  try {
    const { conditions } = known.contribution.compile(fields, assets);
    if (conditions === undefined) return { keys: [], isComplete: false, written };
    const keys = conditions.map(({ key }) => key).filter((key) => key !== undefined);
    return { keys: keys.filter((key) => !isAlways(key)), isComplete: keys.length === conditions.length, written };
  } catch {
    // What compiles no rule says so when it is started; here it is only left out.
    return undefined;
  }
}

/** A condition that every connection meets. */
function isAlways(key: RuleKey): boolean {
  return key.kind === 'network' && key.values.includes('tcp') && key.values.includes('udp');
}
