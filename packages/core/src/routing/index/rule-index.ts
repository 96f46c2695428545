import type { Rule, RuleCondition, RuleKey } from '@sluice/plugin-api';
import type { SubjectQuery } from '../route-subject.js';
import { BlockIndex } from './block-index.js';
import { DomainIndex } from './domain-index.js';
import { KeyChoice, portsOf } from './key-choice.js';
import { RuleBits } from './rule-bits.js';
import { ValueIndex } from './value-index.js';

const NONE: readonly RuleCondition[] = [];

/**
 * Finds the rules that may match without asking all of them. Each rule is entered by one of its conditions,
 * the one that tells most; those that have none to be entered by may always match. Names are looked up
 * for all rules at once, and that answers their domain conditions for good.
 */
export class RuleIndex {
  readonly #rules: readonly Rule[];
  /** What is left to ask a rule that may match; undefined for one that keeps its conditions to itself. */
  readonly #rest: (readonly RuleCondition[] | undefined)[] = [];
  readonly #domains: DomainIndex;
  readonly #tags: ValueIndex<string>;
  readonly #users: ValueIndex<string>;
  readonly #ports: ValueIndex<number>;
  readonly #sourcePorts: ValueIndex<number>;
  readonly #blocks: BlockIndex;
  readonly #sources: BlockIndex;

  readonly #always: RuleBits;
  readonly #haveDomain: RuleBits;
  readonly #byDomain: RuleBits;
  readonly #byIp: RuleBits;
  readonly #requireIp: RuleBits;
  readonly #lookAtIps: RuleBits;

  /** The rules whose domain condition holds for the present query. */
  readonly #named: RuleBits;
  readonly #candidates: RuleBits;
  readonly #hasDomains: boolean;

  constructor(rules: readonly Rule[]) {
    const count = rules.length;
    this.#rules = rules;
    this.#domains = new DomainIndex(count);
    this.#tags = new ValueIndex(count);
    this.#users = new ValueIndex(count);
    this.#ports = new ValueIndex(count);
    this.#sourcePorts = new ValueIndex(count);
    this.#blocks = new BlockIndex(count);
    this.#sources = new BlockIndex(count);
    const bits = (): RuleBits => new RuleBits(count);
    this.#always = bits();
    this.#haveDomain = bits();
    this.#byDomain = bits();
    this.#byIp = bits();
    this.#requireIp = bits();
    this.#lookAtIps = bits();
    this.#named = bits();
    this.#candidates = bits();
    rules.forEach((rule, i) => this.#enterDomain(rule, i));
    this.#domains.complete();
    this.#hasDomains = this.#haveDomain.next(0) >= 0;
    const conditions = rules.map((rule) => rule.conditions ?? NONE);
    const choice = new KeyChoice(conditions, this.#domains);
    conditions.forEach((all, i) => this.#enter(all, i, choice));
    this.#blocks.complete();
    this.#sources.complete();
  }

  /** The rules that may match, until the next call; no other one does. */
  candidates(query: SubjectQuery): RuleBits {
    const found = this.#candidates;
    found.copy(this.#always);
    if (this.#hasDomains) {
      this.#named.clear();
      if (query.target.type === 'domain') {
        this.#domains.mark(query.target.host, this.#named);
        found.addBoth(this.#named, this.#byDomain);
      }
    }
    if (this.#tags.size > 0) this.#tags.mark(query.inboundTag, found);
    if (this.#ports.size > 0) this.#ports.mark(query.target.port, found);
    const email = query.user?.email;
    if (email !== undefined && this.#users.size > 0) this.#users.mark(email, found);
    if (this.#sourcePorts.size > 0) this.#sourcePorts.mark(query.source.port, found);
    if (!this.#sources.isEmpty) this.#sources.markText(query.source.address, found);
    if (query.knowsIps) {
      // Such a rule was entered by another condition too, for targets without known IPs.
      found.remove(this.#byIp);
      if (!this.#blocks.isEmpty) for (const ip of query.ips) this.#blocks.mark(ip, found);
    }
    return found;
  }

  /** Whether a rule matches, for the query that `candidates` was last called with. */
  matches(rule: number, query: SubjectQuery): boolean {
    if (this.#haveDomain.has(rule) && !this.#named.has(rule)) return false;
    const rest = this.#rest[rule];
    if (rest === undefined) return this.#rules[rule]!.matches(query);
    for (const condition of rest) if (!condition.holds(query)) return false;
    return true;
  }

  /** The same for one condition of a rule. */
  holds(rule: number, condition: RuleCondition, query: SubjectQuery): boolean {
    return this.#rest[rule]?.includes(condition) === false ? this.#named.has(rule) : condition.holds(query);
  }

  needsIp(rule: number): boolean {
    return this.#lookAtIps.has(rule);
  }

  /** Leaves only rules that look at the target's IPs. */
  keepIpRules(candidates: RuleBits): void {
    candidates.keep(this.#lookAtIps);
  }

  /** Takes away the rules that cannot match without the target's IPs. */
  removeIpRules(candidates: RuleBits): void {
    candidates.remove(this.#requireIp);
  }

  #enterDomain(rule: Rule, i: number): void {
    if (rule.needsIp) this.#lookAtIps.add(i);
    const domain = rule.conditions?.find(({ key }) => key?.kind === 'domain');
    this.#rest.push(rule.conditions?.filter((condition) => condition !== domain));
    if (domain?.key?.kind !== 'domain') return;
    this.#haveDomain.add(i);
    this.#domains.add(domain.key.sets, i);
  }

  #enter(conditions: readonly RuleCondition[], i: number, choice: KeyChoice): void {
    if (conditions.some(({ needsIp }) => needsIp === true)) this.#requireIp.add(i);
    const best = choice.best(conditions, { withIps: true });
    if (best?.kind === 'ip') {
      this.#byIp.add(i);
      this.#blocks.add(best.sets, i);
      this.#enterBy(choice.best(conditions, { withIps: false }), i);
    } else this.#enterBy(best, i);
  }

  #enterBy(key: RuleKey | undefined, i: number): void {
    switch (key?.kind) {
      case 'domain':
        return this.#byDomain.add(i);
      case 'inboundTag':
        return key.values.forEach((value) => this.#tags.add(value, i));
      case 'user':
        return key.values.forEach((value) => this.#users.add(value, i));
      case 'port':
        return portsOf(key).forEach((port) => this.#ports.add(port, i));
      case 'sourcePort':
        return portsOf(key).forEach((port) => this.#sourcePorts.add(port, i));
      case 'source':
        return this.#sources.add(key.sets, i);
      default:
        return this.#always.add(i);
    }
  }
}
