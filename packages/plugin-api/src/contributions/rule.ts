import type { Cidr, Destination, Endpoint, Network } from '@sluice/net';
import type { User } from '../services/session.js';
import type { AssetFiles } from './asset-files.js';
import type { ProblemReporter, TSchema } from './schema.js';

/** What a routing decision is made from. */
export interface RouteQuery {
  /** The inbound by which it came. */
  readonly inboundTag: string;
  readonly network: Network;
  readonly source: Endpoint;
  readonly target: Destination;
  /** Who it is from, if the inbound knows. */
  readonly user: User | undefined;
  /** V2Ray's `attrs` of an HTTP request. */
  readonly attributes: Readonly<Record<string, string>> | undefined;
  /** What sniffing found: "http", "tls", "quic"…; undefined if nothing was looked for or found. */
  readonly protocol: string | undefined;
  /** The target's IPs: its own, or those it was resolved to; empty where it was not resolved. */
  readonly ips: readonly Uint8Array[];
}

/** A compiled rule. Pure, synchronous, never throws. */
export interface Rule {
  /** Whether the rule decides about this query. */
  matches(query: RouteQuery): boolean;
  /** Whether the rule looks at the target's IPs, so that a domain may have to be resolved first. */
  readonly needsIp: boolean;
  /**
   * For a rule that matches exactly when all of several conditions hold: those conditions, the ones that
   * need IPs last. The router may look them up together with those of other rules, so that it need not
   * ask every rule in turn, and can say which of them fails. A rule without this member is always asked.
   */
  readonly conditions?: readonly RuleCondition[] | undefined;
}

/** One of the conditions of a rule. Pure, synchronous, never throws. */
export interface RuleCondition {
  /** What it looks at, as the rule object names it: "domain", "port"… */
  readonly field: string;
  /** Whether it is true of this query. */
  holds(query: RouteQuery): boolean;
  /** It looks at the target's IPs, and does not hold where there are none. Default false. */
  readonly needsIp?: boolean | undefined;
  /** The same condition as data. A router that has looked it up does not call `holds`. */
  readonly key?: RuleKey | undefined;
  /** What it compares with what, in a few words, for an operator who asks. */
  describe?(query: RouteQuery): string;
}

/**
 * A condition that can be looked up: that a property of the query is one of these values. Sets that several
 * rules have in common are best the same objects: they are kept once. A rule whose conditions all have keys can be
 * compared with others: a configuration is warned of rules that an earlier one hides.
 */
export type RuleKey =
  /** The target's name is in one of the sets. */
  | { readonly kind: 'domain'; readonly sets: readonly DomainPatterns[] }
  /** One of the target's IPs, or the client's IP, is in a block of one of the sets. */
  | { readonly kind: 'ip' | 'source'; readonly sets: readonly (readonly Cidr[])[] }
  | { readonly kind: 'inboundTag' | 'user'; readonly values: readonly string[] }
  | { readonly kind: 'network'; readonly values: readonly Network[] }
  /** The name of the protocol that was found begins with one of these. */
  | { readonly kind: 'protocol'; readonly beginnings: readonly string[] }
  /** The target's port, or the client's, is in one of the inclusive ranges. */
  | {
      readonly kind: 'port' | 'sourcePort';
      readonly ranges: readonly { readonly from: number; readonly to: number }[];
    };

/** What a set of domains is made of; all lower-case, without the root's dot. Only targets that are domains are in it. */
export interface DomainPatterns {
  /** Names that match as they are. */
  readonly full: readonly string[];
  /** Names that match with all their subdomains. */
  readonly suffixes: readonly string[];
  /** Names that contain one of these match. */
  readonly keywords: readonly string[];
  /** Names without a dot that contain one of these match; "" is contained in all. */
  readonly dotless: readonly string[];
  /** Names in which one of these finds something match: RE2 syntax, in any case. */
  readonly regexps: readonly string[];
}

/** A kind of routing rule: what `"type"` names in an entry of `routing.rules`. */
export interface RuleTypeContribution<S = unknown> {
  /** One sentence for completion and docs. */
  readonly description: string;
  /** The JSON Schema of the whole rule object, without `type`, `outboundTag` and `balancerTag`. */
  readonly schema: TSchema;
  /** Finds what a schema cannot say. */
  check?(rule: S, problems: ProblemReporter, assets: AssetFiles): void;
  /** @throws SluiceError E_CONFIG_INVALID for what `check` would have reported */
  compile(rule: S, assets: AssetFiles): Rule;
}

/** Keeps the rule's type while the registry forgets it. */
export function defineRuleType<S>(contribution: RuleTypeContribution<S>): RuleTypeContribution {
  return contribution;
}

/**
 * A further condition of `field` rules: what a key of the rule names, beside the core's own such as `domain`. It must
 * hold together with the others of its rule.
 */
export interface RuleMatcherContribution<V = unknown> {
  /** One sentence for completion and docs. */
  readonly description: string;
  /** The JSON Schema of the key's value. */
  readonly schema: TSchema;
  /** Finds what a schema cannot say. `problems` takes paths from the value on. */
  check?(value: V, problems: ProblemReporter, assets: AssetFiles): void;
  /** @throws SluiceError E_CONFIG_INVALID for what `check` would have reported */
  compile(value: V, assets: AssetFiles): Omit<RuleCondition, 'field'>;
}

/** Keeps the value's type while the registry forgets it. */
export function defineRuleMatcher<V>(contribution: RuleMatcherContribution<V>): RuleMatcherContribution {
  return contribution;
}
