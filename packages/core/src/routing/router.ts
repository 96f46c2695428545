import type { RoutingConfig } from '@sluice/config';
import { ipToBytes, type Resolver } from '@sluice/plugin-api';
import type { CompiledRule } from './compile.js';
import { explain, type Explanation } from './explanation.js';
import { RuleIndex } from './index/rule-index.js';
import { SubjectQuery, type RouteSubject } from './route-subject.js';

/** Where a connection goes, and by which rule. */
export interface RouteDecision {
  /** Without it and a balancer no rule has matched, and the default outbound is meant. */
  readonly outboundTag: string | undefined;
  /** Who is to choose an outbound, where `outboundTag` names none. */
  readonly balancerTag: string | undefined;
  /** The rule's place in `routing.rules`, from 0. */
  readonly ruleIndex: number | undefined;
}

export interface RouterRules {
  readonly rules: readonly CompiledRule[];
  /**
   * `AsIs` never resolves. `IPIfNonMatch` resolves a domain when no rule has matched, and asks the
   * rules that look at IPs again. `IPOnDemand` resolves it when the first rule looks at its IPs.
   */
  readonly domainStrategy: RoutingConfig['domainStrategy'];
}

export interface RouterOptions extends RouterRules {
  readonly resolver: Resolver;
}

interface Loaded {
  readonly rules: readonly CompiledRule[];
  readonly index: RuleIndex;
  readonly decisions: readonly RouteDecision[];
  readonly strategy: RouterRules['domainStrategy'];
}

const NO_MATCH: RouteDecision = Object.freeze({
  outboundTag: undefined,
  balancerTag: undefined,
  ruleIndex: undefined,
});

/** Finds the first rule that matches. */
export class Router {
  readonly #resolver: Resolver;
  #loaded!: Loaded;

  constructor(options: RouterOptions) {
    this.#resolver = options.resolver;
    this.load(options);
  }

  /** From now on, decisions are made by these rules; what waits for a name already goes by the earlier ones. */
  load({ rules, domainStrategy }: RouterRules): void {
    this.#loaded = {
      rules,
      index: new RuleIndex(rules.map(({ rule }) => rule)),
      decisions: rules.map(({ outboundTag, balancerTag, index }) =>
        Object.freeze({ outboundTag, balancerTag, ruleIndex: index }),
      ),
      strategy: domainStrategy,
    };
  }

  /**
   * Answers at once unless the target must be resolved first. Never fails: a domain that cannot be
   * resolved has no IPs.
   */
  pick(subject: RouteSubject): RouteDecision | Promise<RouteDecision> {
    const loaded = this.#loaded;
    return loaded.rules.length === 0 ? NO_MATCH : this.#pickFrom(0, new SubjectQuery(subject), loaded);
  }

  /** The same decision with every step that leads to it. Resolves as `pick` would. Never fails. */
  explain(subject: RouteSubject): Promise<Explanation> {
    return explain(this.#loaded, subject, this.#resolver);
  }

  #pickFrom(start: number, query: SubjectQuery, loaded: Loaded): RouteDecision | Promise<RouteDecision> {
    const { index, decisions, strategy } = loaded;
    const candidates = index.candidates(query);
    if (strategy === 'AsIs' && !query.knowsIps) index.removeIpRules(candidates);
    // A rule that fails on its other conditions asks for no IPs, and costs no look-up.
    let missed = false;
    for (let i = candidates.next(start); i >= 0; i = candidates.next(i + 1)) {
      query.missedIps = false;
      const matches = index.matches(i, query);
      if (query.missedIps && index.needsIp(i)) {
        if (strategy === 'IPOnDemand') return this.#resolve(query).then(() => this.#pickFrom(i, query, loaded));
        missed = true;
        index.removeIpRules(candidates);
      }
      if (matches) return decisions[i]!;
    }
    if (!missed || strategy !== 'IPIfNonMatch') return NO_MATCH;
    return this.#resolve(query).then(() => {
      // The second pass: only rules that look at IPs can answer otherwise than before.
      const again = index.candidates(query);
      index.keepIpRules(again);
      for (let i = again.next(0); i >= 0; i = again.next(i + 1)) if (index.matches(i, query)) return decisions[i]!;
      return NO_MATCH;
    });
  }

  async #resolve(query: SubjectQuery): Promise<void> {
    try {
      const addresses = await this.#resolver.resolve(query.target.host);
      query.resolved(addresses.map((address) => ipToBytes(address)));
    } catch {
      // The outbound meets the same failure when it dials, and reports it.
      query.resolved([]);
    }
  }
}
