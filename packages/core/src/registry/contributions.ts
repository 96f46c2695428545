import {
  API_VERSION,
  SluiceError,
  type BalancerStrategyContribution,
  type DnsServerContribution,
  type InboundContribution,
  type OutboundContribution,
  type Plugin,
  type RuleTypeContribution,
  type ServiceContribution,
  type SnifferContribution,
} from '@sluice/plugin-api';
import { Registry } from './registry.js';

/** All that the plugins of an instance contribute, by kind. */
export class Contributions {
  readonly inbounds = new Registry<InboundContribution>('inbound protocol');
  readonly outbounds = new Registry<OutboundContribution>('outbound protocol');
  readonly ruleTypes = new Registry<RuleTypeContribution>('rule type');
  readonly services = new Registry<ServiceContribution>('service');
  readonly sniffers = new Registry<SnifferContribution>('sniffer');
  readonly balancerStrategies = new Registry<BalancerStrategyContribution>('balancer strategy');
  readonly dnsServers = new Registry<DnsServerContribution>('kind of DNS server');

  /** @throws SluiceError E_REGISTRY_DUPLICATE, E_UNSUPPORTED for another API version */
  constructor(plugins: readonly Plugin[]) {
    for (const plugin of plugins) this.#add(plugin);
  }

  #add(plugin: Plugin): void {
    if (plugin.apiVersion !== API_VERSION) {
      const message = `plugin "${plugin.name}" was written for plugin API ${plugin.apiVersion}; this is ${API_VERSION}`;
      throw new SluiceError('E_UNSUPPORTED', message);
    }
    addAll(this.inbounds, plugin.inbounds, plugin.name);
    addAll(this.outbounds, plugin.outbounds, plugin.name);
    addAll(this.ruleTypes, plugin.ruleTypes, plugin.name);
    addAll(this.services, plugin.services, plugin.name);
    addAll(this.sniffers, plugin.sniffers, plugin.name);
    addAll(this.balancerStrategies, plugin.balancerStrategies, plugin.name);
    addAll(this.dnsServers, plugin.dnsServers, plugin.name);
  }
}

function addAll<T>(registry: Registry<T>, contributed: Readonly<Record<string, T>> | undefined, owner: string): void {
  for (const [name, value] of Object.entries(contributed ?? {})) registry.add(name, value, owner);
}
