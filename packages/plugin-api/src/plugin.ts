import type { BalancerStrategyContribution } from './contributions/balancer.js';
import type { CommandContribution } from './contributions/command.js';
import type { DnsServerContribution } from './contributions/dns-server.js';
import type { InboundContribution } from './contributions/inbound.js';
import type { OutboundContribution } from './contributions/outbound.js';
import type { RuleMatcherContribution, RuleTypeContribution } from './contributions/rule.js';
import type { ServiceContribution } from './contributions/service.js';
import type { SnifferContribution } from './contributions/sniffer.js';
import type { StreamLayerContribution } from './contributions/stream-layer.js';

/** The version of this contract; a plugin states the one it was written for. */
export const API_VERSION = 1;

/** The kinds of contributions that have options, under the names that {@link Plugin} has for them. */
export const KINDS_WITH_SCHEMA = [
  'inbounds',
  'outbounds',
  'transports',
  'securities',
  'ruleTypes',
  'ruleMatchers',
  'services',
  'balancerStrategies',
] as const;

/** The kinds of contributions that a configuration names. */
export const CONTRIBUTION_KINDS = [...KINDS_WITH_SCHEMA, 'sniffers', 'dnsServers'] as const;

/** One of {@link CONTRIBUTION_KINDS}. */
export type ContributionKind = (typeof CONTRIBUTION_KINDS)[number];

/** All that a plugin brings. Each name must be free in its registry. */
export interface Plugin {
  /** Lower-case, as the package's name ends: "socks". Groups the plugin's commands. */
  readonly name: string;
  /** Of the plugin itself, by semantic versioning. */
  readonly version: string;
  /** The `API_VERSION` that it was written for. */
  readonly apiVersion: number;
  /** One sentence for lists of plugins. */
  readonly description: string;
  /** By the name that `"protocol"` uses. */
  readonly inbounds?: Readonly<Record<string, InboundContribution>>;
  /** By the name that `"protocol"` uses. */
  readonly outbounds?: Readonly<Record<string, OutboundContribution>>;
  /** By the name that `streamSettings.network` uses. */
  readonly transports?: Readonly<Record<string, StreamLayerContribution>>;
  /** By the name that `streamSettings.security` uses. */
  readonly securities?: Readonly<Record<string, StreamLayerContribution>>;
  /** By the name that a rule's `"type"` uses. */
  readonly ruleTypes?: Readonly<Record<string, RuleTypeContribution>>;
  /** By the key of a `field` rule that holds the condition's value: "hours". */
  readonly ruleMatchers?: Readonly<Record<string, RuleMatcherContribution>>;
  /** By the key at the top of the configuration: "api". */
  readonly services?: Readonly<Record<string, ServiceContribution>>;
  /** By the name that `sniffing.destOverride` uses. */
  readonly sniffers?: Readonly<Record<string, SnifferContribution>>;
  /** By the name that a balancer's `strategy.type` uses. */
  readonly balancerStrategies?: Readonly<Record<string, BalancerStrategyContribution>>;
  /** By the scheme of a DNS server's address: "https". */
  readonly dnsServers?: Readonly<Record<string, DnsServerContribution>>;
  /** `sluice <plugin> <command>`. */
  readonly commands?: readonly CommandContribution[];
}

/** Checks the shape at compile time and freezes it. */
export function definePlugin(plugin: Omit<Plugin, 'apiVersion'>): Plugin {
  return Object.freeze({ ...plugin, apiVersion: API_VERSION });
}
