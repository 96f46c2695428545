import { bytesToIp, ipToBytes, SluiceError, type Resolver } from '@sluice/plugin-api';
import type { CompiledRule } from './compile.js';
import type { RuleIndex } from './index/rule-index.js';
import { SubjectQuery, type RouteSubject } from './route-subject.js';
import type { RouteDecision, RouterRules } from './router.js';

/** Why a connection goes where it goes, step by step. */
export interface Explanation {
  readonly steps: readonly ExplanationStep[];
  /** Without an outbound and a balancer: the default outbound. */
  readonly decision: RouteDecision;
}

export type ExplanationStep = RuleStep | ResolveStep;

/** A rule was asked. */
export interface RuleStep {
  readonly kind: 'rule';
  /** The rule's place in `routing.rules`, from 0. */
  readonly ruleIndex: number;
  readonly matches: boolean;
  /** Its conditions; none for a rule of a type that keeps them to itself. */
  readonly conditions: readonly { readonly field: string; readonly holds: boolean; readonly note: string }[];
}

/** The target's name was resolved: for the rule before, or for a second pass over those that look at IPs. */
export interface ResolveStep {
  readonly kind: 'resolve';
  readonly domain: string;
  readonly ips: readonly string[];
  /** Why there are none. */
  readonly failure: string | undefined;
}

interface Rules {
  readonly rules: readonly CompiledRule[];
  readonly index: RuleIndex;
  readonly strategy: RouterRules['domainStrategy'];
}

const NO_MATCH: RouteDecision = { outboundTag: undefined, balancerTag: undefined, ruleIndex: undefined };

/** Asks every rule in turn, up to the one that decides, as a decision would if it took its time. Never fails. */
export async function explain(
  { rules, index, strategy }: Rules,
  subject: RouteSubject,
  resolver: Resolver,
): Promise<Explanation> {
  const query = new SubjectQuery(subject);
  const steps: ExplanationStep[] = [];
  let missed = false;
  index.candidates(query);
  for (let i = 0; i < rules.length; i += 1) {
    let step = askRule(i);
    steps.push(step);
    if (query.missedIps && rules[i]!.rule.needsIp) {
      missed = true;
      if (strategy === 'IPOnDemand') {
        steps.push(await resolve(query, resolver));
        index.candidates(query);
        step = askRule(i);
        steps.push(step);
      }
    }
    if (step.matches) return { steps, decision: decisionOf(rules[i]!) };
  }
  if (missed && strategy === 'IPIfNonMatch') {
    steps.push(await resolve(query, resolver));
    index.candidates(query);
    for (let i = 0; i < rules.length; i += 1) {
      if (!rules[i]!.rule.needsIp) continue;
      const step = askRule(i);
      steps.push(step);
      if (step.matches) return { steps, decision: decisionOf(rules[i]!) };
    }
  }
  return { steps, decision: NO_MATCH };

  /** Leaves in `missedIps` whether only unknown IPs have kept the rule from an answer. */
  function askRule(i: number): RuleStep {
    const { rule, index: ruleIndex } = rules[i]!;
    query.missedIps = false;
    const matches = index.matches(i, query);
    const hasMissed = query.missedIps;
    const conditions = (rule.conditions ?? []).map((condition) => ({
      field: condition.field,
      holds: index.holds(i, condition, query),
      note: condition.describe?.(query) ?? '',
    }));
    query.missedIps = hasMissed;
    return { kind: 'rule', ruleIndex, matches, conditions };
  }
}

async function resolve(query: SubjectQuery, resolver: Resolver): Promise<ResolveStep> {
  const domain = query.target.host;
  let failure: string | undefined;
  try {
    query.resolved((await resolver.resolve(domain)).map((address) => ipToBytes(address)));
  } catch (error) {
    query.resolved([]);
    failure = error instanceof SluiceError ? error.message : 'it cannot be resolved';
  }
  return { kind: 'resolve', domain, ips: query.ips.map((ip) => bytesToIp(ip)), failure };
}

function decisionOf({ outboundTag, balancerTag, index }: CompiledRule): RouteDecision {
  return { outboundTag, balancerTag, ruleIndex: index };
}
