import type { RoutingConfig } from '@sluice/config';
import { ipToBytes, type Resolver } from '@sluice/plugin-api';
import type { CompiledRule } from './compile.js';
import { SubjectQuery, type RouteSubject } from './route-subject.js';

/** Where a connection goes, and by which rule. */
export interface RouteDecision {
  /** Undefined if no rule matched: the default outbound is meant. */
  readonly outboundTag: string | undefined;
  /** The rule's place in `routing.rules`, from 0. */
  readonly ruleIndex: number | undefined;
}

export interface RouterOptions {
  readonly rules: readonly CompiledRule[];
  /**
   * `AsIs` never resolves. `IPIfNonMatch` resolves a domain when no rule has matched, and asks the
   * rules that look at IPs again. `IPOnDemand` resolves it when the first rule looks at its IPs.
   */
  readonly domainStrategy: RoutingConfig['domainStrategy'];
  readonly resolver: Resolver;
}

const NO_MATCH: RouteDecision = Object.freeze({ outboundTag: undefined, ruleIndex: undefined });

/** Finds the first rule that matches. */
export class Router {
  readonly #rules: readonly { rule: CompiledRule['rule']; decision: RouteDecision }[];
  readonly #strategy: RouterOptions['domainStrategy'];
  readonly #resolver: Resolver;

  constructor(options: RouterOptions) {
    this.#rules = options.rules.map(({ rule, outboundTag, index }) => ({
      rule,
      decision: Object.freeze({ outboundTag, ruleIndex: index }),
    }));
    this.#strategy = options.domainStrategy;
    this.#resolver = options.resolver;
  }

  /**
   * Answers at once unless the target must be resolved first. Never fails: a domain that cannot be
   * resolved has no IPs.
   */
  pick(subject: RouteSubject): RouteDecision | Promise<RouteDecision> {
    return this.#rules.length === 0 ? NO_MATCH : this.#pickFrom(0, new SubjectQuery(subject));
  }

  #pickFrom(start: number, query: SubjectQuery): RouteDecision | Promise<RouteDecision> {
    const rules = this.#rules;
    // A rule that fails on its other conditions asks for no IPs, and costs no look-up.
    let missed = false;
    for (let i = start; i < rules.length; i += 1) {
      const { rule, decision } = rules[i]!;
      query.missedIps = false;
      const matches = rule.matches(query);
      if (query.missedIps && rule.needsIp) {
        if (this.#strategy === 'IPOnDemand') return this.#resolve(query).then(() => this.#pickFrom(i, query));
        missed = true;
      }
      if (matches) return decision;
    }
    if (!missed || this.#strategy !== 'IPIfNonMatch') return NO_MATCH;
    return this.#resolve(query).then(() => this.#pickByIp(query));
  }

  /** The second pass: only rules that look at IPs can answer otherwise than before. */
  #pickByIp(query: SubjectQuery): RouteDecision {
    const found = this.#rules.find(({ rule }) => rule.needsIp && rule.matches(query));
    return found?.decision ?? NO_MATCH;
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
