import type { AssetFiles, Rule, RuleKey, RuleTypeContribution } from '@sluice/plugin-api';
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

/** By the fields of rules that were read before and did not change. */
export type KnownKeys = WeakMap<object, RuleKeys>;

/** @returns undefined if the rule has errors */
export function ruleKeys(
  { type, fields }: RuleEntry,
  ruleTypes: ReadonlyMap<string, { readonly contribution: RuleTypeContribution }>,
  assets: AssetFiles,
  known: KnownKeys,
): RuleKeys | undefined {
  const named = type === undefined ? undefined : ruleTypes.get(type.toLowerCase());
  if (named === undefined || typeof fields !== 'object' || fields === null) return undefined;
  let found = known.get(fields);
  if (found !== undefined) return found;
  const written = `${type} ${JSON.stringify(fields)}`;
  try {
    found = { ...keysOf(named.contribution.compile(fields, assets)), written };
  } catch {
    // What compiles no rule says so when it is started; here it is only left out.
    return undefined;
  }
  known.set(fields, found);
  return found;
}

function keysOf({ conditions }: Rule): Pick<RuleKeys, 'keys' | 'isComplete'> {
  if (conditions === undefined) return { keys: [], isComplete: false };
  const keys = conditions.map(({ key }) => key).filter((key) => key !== undefined);
  return { keys: keys.filter((key) => !isAlways(key)), isComplete: keys.length === conditions.length };
}

/** A condition that every connection meets. */
function isAlways(key: RuleKey): boolean {
  return key.kind === 'network' && key.values.includes('tcp') && key.values.includes('udp');
}
