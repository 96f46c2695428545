import type {
  BalancerStrategyContribution,
  DnsServerContribution,
  InboundContribution,
  OutboundContribution,
  Plugin,
  RuleTypeContribution,
  ServiceContribution,
  SnifferContribution,
  StreamLayerContribution,
} from '@sluice/plugin-api';
import { EXTENSIBLE_TYPE, withMatchers } from './rule-matchers.js';

/** A contribution under the name that its plugin gave it. */
export interface Named<C> {
  readonly name: string;
  readonly contribution: C;
  readonly plugin: string;
}

/** What plugins contribute to configurations, by lower-case name: V2Ray's names have no case. */
export class PluginContributions {
  readonly inbounds: ReadonlyMap<string, Named<InboundContribution>>;
  readonly outbounds: ReadonlyMap<string, Named<OutboundContribution>>;
  readonly transports: ReadonlyMap<string, Named<StreamLayerContribution>>;
  readonly securities: ReadonlyMap<string, Named<StreamLayerContribution>>;
  readonly ruleTypes: ReadonlyMap<string, Named<RuleTypeContribution>>;
  readonly services: ReadonlyMap<string, Named<ServiceContribution>>;
  readonly sniffers: ReadonlyMap<string, Named<SnifferContribution>>;
  readonly balancerStrategies: ReadonlyMap<string, Named<BalancerStrategyContribution>>;
  readonly dnsServers: ReadonlyMap<string, Named<DnsServerContribution>>;

  constructor(plugins: readonly Plugin[]) {
    this.inbounds = collect(plugins, (plugin) => plugin.inbounds);
    this.outbounds = collect(plugins, (plugin) => plugin.outbounds);
    this.transports = collect(plugins, (plugin) => plugin.transports);
    this.securities = collect(plugins, (plugin) => plugin.securities);
    this.ruleTypes = extended(plugins);
    this.services = collect(plugins, (plugin) => plugin.services);
    this.sniffers = collect(plugins, (plugin) => plugin.sniffers);
    this.balancerStrategies = collect(plugins, (plugin) => plugin.balancerStrategies);
    this.dnsServers = collect(plugins, (plugin) => plugin.dnsServers);
  }
}

/** The rule types, with the further conditions that plugins bring. */
function extended(plugins: readonly Plugin[]): ReadonlyMap<string, Named<RuleTypeContribution>> {
  const types = collect(plugins, (plugin) => plugin.ruleTypes);
  const matchers = new Map(plugins.flatMap(({ ruleMatchers = {} }) => Object.entries(ruleMatchers)));
  const named = types.get(EXTENSIBLE_TYPE);
  if (named !== undefined)
    types.set(EXTENSIBLE_TYPE, { ...named, contribution: withMatchers(named.contribution, matchers) });
  return types;
}

/** Of two of one name the first counts; that there are two is the runtime's registry to say. */
export function collect<P extends { readonly name: string }, C>(
  plugins: readonly P[],
  of: (plugin: P) => Readonly<Record<string, C>> | undefined,
): Map<string, Named<C>> {
  const found = new Map<string, Named<C>>();
  for (const plugin of plugins) {
    for (const [name, contribution] of Object.entries(of(plugin) ?? {})) {
      const key = name.toLowerCase();
      if (!found.has(key)) found.set(key, { name, contribution, plugin: plugin.name });
    }
  }
  return found;
}
