import type { Destination, Endpoint, Network } from '@sluice/net';
import type { User } from '../services/session.js';
import type { AssetFiles } from './asset-files.js';
import type { ProblemReporter, TSchema } from './schema.js';

/** What a routing decision is made from. */
export interface RouteQuery {
  readonly inboundTag: string;
  readonly network: Network;
  readonly source: Endpoint;
  readonly target: Destination;
  readonly user: User | undefined;
  readonly attributes: Readonly<Record<string, string>> | undefined;
  /** What sniffing found: "http", "tls", "quic"…; undefined if nothing was looked for or found. */
  readonly protocol: string | undefined;
  /** The target's IPs: its own, or those it was resolved to; empty where it was not resolved. */
  readonly ips: readonly Uint8Array[];
}

/** A compiled rule. Pure, synchronous, never throws. */
export interface Rule {
  matches(query: RouteQuery): boolean;
  /** Whether the rule looks at the target's IPs, so that a domain may have to be resolved first. */
  readonly needsIp: boolean;
}

/** A kind of routing rule: what `"type"` names in an entry of `routing.rules`. */
export interface RuleTypeContribution<S = unknown> {
  readonly description: string;
  /** The JSON Schema of the whole rule object, without `type`, `outboundTag` and `balancerTag`. */
  readonly schema: TSchema;
  check?(rule: S, problems: ProblemReporter, assets: AssetFiles): void;
  /** @throws SluiceError E_CONFIG_INVALID for what `check` would have reported */
  compile(rule: S, assets: AssetFiles): Rule;
}

/** Keeps the rule's type while the registry forgets it. */
export function defineRuleType<S>(contribution: RuleTypeContribution<S>): RuleTypeContribution {
  return contribution;
}
