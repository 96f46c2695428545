import type { AssetFiles, RuleKey, RuleTypeContribution } from '@sluice/plugin-api';
import type { Problems } from '../diagnostics/problems.js';
import type { RuleEntry } from '../entries/rule.js';
import { Effort } from './hidden-rules/effort.js';
import { keyCovered } from './hidden-rules/key-cover.js';
import { ruleKeys, type RuleKeys } from './hidden-rules/rule-keys.js';
import { RuleTokens } from './hidden-rules/rule-tokens.js';
import { where } from './tags.js';

const MOST_COMPARISONS = 1_000_000;

/**
 * Rules to which no connection comes, because one earlier rule takes all that they would match. Only what is certain
 * is said; several rules that hide one only together are not looked for.
 */
export function checkHiddenRules(
  rules: readonly RuleEntry[],
  ruleTypes: ReadonlyMap<string, { readonly contribution: RuleTypeContribution }>,
  assets: AssetFiles,
  problems: Problems,
): void {
  const keys = rules.map((rule) => ruleKeys(rule, ruleTypes, assets));
  for (const [index, hider] of hiddenRules(keys)) {
    const [rule, by] = [rules[index] as RuleEntry, rules[hider] as RuleEntry];
    const isSame = rule.outboundTag === by.outboundTag && rule.balancerTag === by.balancerTag;
    const message = `no connection comes to this rule: an earlier one takes all that it would match: ${where(by.node)}`;
    if (isSame) problems.info('C_HIDDEN_RULE', rule.node.place, `${message}, and leads to the same place`);
    else problems.warning('C_HIDDEN_RULE', rule.node.place, message);
  }
}

/** By a hidden rule's place in the list, the place of the first one that hides it. */
export function hiddenRules(rules: readonly (RuleKeys | undefined)[]): ReadonlyMap<number, number> {
  const hidden = new Map<number, number>();
  const effort = new Effort(MOST_COMPARISONS);
  const tokens = new RuleTokens();
  const entries = enteredBy(rules, tokens);
  const written = new Map<string, number>();
  const byToken = new Map<string, number[]>();
  let always: number | undefined;
  for (const [index, rule] of rules.entries()) {
    if (rule === undefined) continue;
    const hider = always ?? written.get(rule.written) ?? findHider(rule);
    if (hider !== undefined) {
      // What this one would hide, the other one hides as well.
      hidden.set(index, hider);
      continue;
    }
    written.set(rule.written, index);
    if (!rule.isComplete) continue;
    if (rule.keys.length === 0) always = index;
    for (const token of entries[index] ?? []) {
      const known = byToken.get(token);
      if (known === undefined) byToken.set(token, [index]);
      else known.push(index);
    }
  }
  return hidden;

  function findHider({ keys }: RuleKeys): number | undefined {
    let found: number | undefined;
    for (const key of keys) {
      for (const token of new Set(tokens.lookup(key, effort))) {
        for (const candidate of byToken.get(token) ?? []) {
          if (effort.isSpent || (found !== undefined && candidate >= found)) break;
          const by = rules[candidate] as RuleKeys;
          if (by.keys.every((wanted) => keys.some((own) => keyCovered(own, wanted, effort)))) found = candidate;
        }
      }
    }
    return found;
  }
}

/** For each rule that can hide others, the words of the one condition that tells it best from the others. */
function enteredBy(rules: readonly (RuleKeys | undefined)[], tokens: RuleTokens): (readonly string[] | undefined)[] {
  const counts = new Map<string, number>();
  const all = rules.map((rule) => {
    if (rule?.isComplete !== true) return undefined;
    const byKey = rule.keys.map((key: RuleKey) => [...new Set(tokens.of(key))]);
    for (const token of byKey.flat()) counts.set(token, (counts.get(token) ?? 0) + 1);
    return byKey;
  });
  return all.map((byKey) => {
    let best: readonly string[] | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const own of byKey ?? []) {
      const shared = own.reduce((sum, token) => sum + (counts.get(token) ?? 0), 0) / own.length;
      if (shared >= least) continue;
      least = shared;
      best = own;
    }
    return best;
  });
}
