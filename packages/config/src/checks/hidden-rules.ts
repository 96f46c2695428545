import type { AssetFiles, RuleTypeContribution } from '@sluice/plugin-api';
import type { Problems } from '../diagnostics/problems.js';
import type { RuleEntry } from '../entries/rule.js';
import { Comparison, RuleLookups } from './hidden-rules/comparison.js';
import { HiderIndex } from './hidden-rules/hider-index.js';
import { keyCovered } from './hidden-rules/key-cover.js';
import { ruleKeys, type KnownKeys, type RuleKeys } from './hidden-rules/rule-keys.js';
import { where } from './tags.js';

const MOST_COMPARISONS = 1_000_000;

/** What one check leaves to the next of the same configuration. */
export class RuleMemory {
  readonly keys: KnownKeys = new WeakMap();
  readonly lookups = new RuleLookups();
}

/**
 * Rules to which no connection comes, because one earlier rule takes all that they would match. Only what is certain
 * is said; several rules that hide one only together are not looked for.
 */
export function checkHiddenRules(
  rules: readonly RuleEntry[],
  ruleTypes: ReadonlyMap<string, { readonly contribution: RuleTypeContribution }>,
  assets: AssetFiles,
  problems: Problems,
  memory = new RuleMemory(),
): void {
  const keys = rules.map((rule) => ruleKeys(rule, ruleTypes, assets, memory.keys));
  for (const [index, hider] of hiddenRules(keys, memory.lookups)) {
    const [rule, by] = [rules[index] as RuleEntry, rules[hider] as RuleEntry];
    const isSame = rule.outboundTag === by.outboundTag && rule.balancerTag === by.balancerTag;
    const message = `no connection comes to this rule: an earlier one takes all that it would match: ${where(by.node)}`;
    const related = [{ place: by.node.place, message: 'the rule that takes it all' }];
    if (isSame) problems.info('C_HIDDEN_RULE', rule.node.place, `${message}, and leads to the same place`, { related });
    else problems.warning('C_HIDDEN_RULE', rule.node.place, message, { related });
  }
}

/** By a hidden rule's place in the list, the place of the first one that hides it. */
function hiddenRules(rules: readonly (RuleKeys | undefined)[], lookups: RuleLookups): ReadonlyMap<number, number> {
  const hidden = new Map<number, number>();
  const comparison = new Comparison(MOST_COMPARISONS, lookups);
  const index = new HiderIndex();
  const written = new Map<string, number>();
  let always: number | undefined;
  for (const [place, rule] of rules.entries()) {
    if (rule === undefined) continue;
    const hider = always ?? written.get(rule.written) ?? findHider(rule);
    if (hider !== undefined) {
      // What this one would hide, the other one hides as well.
      hidden.set(place, hider);
      continue;
    }
    written.set(rule.written, place);
    if (!rule.isComplete) continue;
    if (rule.keys.length === 0) always = place;
    else index.add(rule.keys, place);
  }
  return hidden;

  function findHider({ keys }: RuleKeys): number | undefined {
    let found: number | undefined;
    for (const key of keys) {
      for (const candidates of index.candidates(key, comparison)) {
        for (const candidate of candidates) {
          if (comparison.isSpent || (found !== undefined && candidate >= found)) break;
          const by = rules[candidate] as RuleKeys;
          if (by.keys.every((wanted) => keys.some((own) => keyCovered(own, wanted, comparison)))) found = candidate;
        }
      }
    }
    return found;
  }
}
