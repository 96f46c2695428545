import { EXTENSIBLE_TYPE, withMatchers } from '@sluice/config';
import {
  API_VERSION,
  SluiceError,
  type BalancerStrategyContribution,
  type DnsServerContribution,
  type InboundContribution,
  type OutboundContribution,
  type Plugin,
  type RuleMatcherContribution,
  type RuleTypeContribution,
  type ServiceContribution,
  type SnifferContribution,
  type StreamLayerContribution,
} from '@sluice/plugin-api';
import { Registry } from './registry.js';

/** The registries, one for each kind of contribution. */
interface Registries {
  readonly inbounds: Registry<InboundContribution>;
  readonly outbounds: Registry<OutboundContribution>;
  readonly transports: Registry<StreamLayerContribution>;
  readonly securities: Registry<StreamLayerContribution>;
  readonly ruleTypes: Registry<RuleTypeContribution>;
  readonly services: Registry<ServiceContribution>;
  readonly sniffers: Registry<SnifferContribution>;
  readonly balancerStrategies: Registry<BalancerStrategyContribution>;
  readonly dnsServers: Registry<DnsServerContribution>;
}

/** All that the plugins of an instance contribute, by kind. */
export class Contributions implements Registries {
  #plugins: readonly Plugin[] = [];
  #registries: Registries = registriesOf([]);

  /** @throws SluiceError E_REGISTRY_DUPLICATE, E_UNSUPPORTED for another API version */
  constructor(plugins: readonly Plugin[]) {
    this.load(plugins);
  }

  /**
   * Takes these in the place of those before. After an error nothing has changed.
   * @returns takes it back
   * @throws SluiceError as the constructor
   */
  load(plugins: readonly Plugin[]): () => void {
    const before = { plugins: this.#plugins, registries: this.#registries };
    if (!sameItems(plugins, this.#plugins)) {
      this.#registries = registriesOf(plugins);
      this.#plugins = plugins;
    }
    return () => {
      this.#plugins = before.plugins;
      this.#registries = before.registries;
    };
  }

  get plugins(): readonly Plugin[] {
    return this.#plugins;
  }

  get inbounds(): Registry<InboundContribution> {
    return this.#registries.inbounds;
  }

  get outbounds(): Registry<OutboundContribution> {
    return this.#registries.outbounds;
  }

  get transports(): Registry<StreamLayerContribution> {
    return this.#registries.transports;
  }

  get securities(): Registry<StreamLayerContribution> {
    return this.#registries.securities;
  }

  get ruleTypes(): Registry<RuleTypeContribution> {
    return this.#registries.ruleTypes;
  }

  get services(): Registry<ServiceContribution> {
    return this.#registries.services;
  }

  get sniffers(): Registry<SnifferContribution> {
    return this.#registries.sniffers;
  }

  get balancerStrategies(): Registry<BalancerStrategyContribution> {
    return this.#registries.balancerStrategies;
  }

  get dnsServers(): Registry<DnsServerContribution> {
    return this.#registries.dnsServers;
  }
}

function registriesOf(plugins: readonly Plugin[]): Registries {
  const registries: Registries = {
    inbounds: new Registry('inbound protocol'),
    outbounds: new Registry('outbound protocol'),
    transports: new Registry('transport'),
    securities: new Registry('security'),
    ruleTypes: new Registry('rule type'),
    services: new Registry('service'),
    sniffers: new Registry('sniffer'),
    balancerStrategies: new Registry('balancer strategy'),
    dnsServers: new Registry('kind of DNS server'),
  };
  const matchers = new Registry<RuleMatcherContribution>('condition of rules');
  for (const plugin of plugins) {
    if (plugin.apiVersion !== API_VERSION) {
      const message = `plugin "${plugin.name}" was written for plugin API ${plugin.apiVersion}; this is ${API_VERSION}`;
      throw new SluiceError('E_UNSUPPORTED', message);
    }
    addAll(registries.inbounds, plugin.inbounds, plugin.name);
    addAll(registries.outbounds, plugin.outbounds, plugin.name);
    addAll(registries.transports, plugin.transports, plugin.name);
    addAll(registries.securities, plugin.securities, plugin.name);
    addAll(matchers, plugin.ruleMatchers, plugin.name);
    addAll(registries.services, plugin.services, plugin.name);
    addAll(registries.sniffers, plugin.sniffers, plugin.name);
    addAll(registries.balancerStrategies, plugin.balancerStrategies, plugin.name);
    addAll(registries.dnsServers, plugin.dnsServers, plugin.name);
  }
  for (const { ruleTypes, name } of plugins) addAll(registries.ruleTypes, extended(ruleTypes, matchers), name);
  return registries;
}

/** Rule types with the further conditions that plugins bring. */
function extended(types: Plugin['ruleTypes'], matchers: Registry<RuleMatcherContribution>): Plugin['ruleTypes'] {
  const type = types?.[EXTENSIBLE_TYPE];
  if (type === undefined) return types;
  const byName = new Map(matchers.names().map((name) => [name, matchers.get(name)]));
  return { ...types, [EXTENSIBLE_TYPE]: withMatchers(type, byName) };
}

function sameItems(a: readonly Plugin[], b: readonly Plugin[]): boolean {
  return a.length === b.length && a.every((plugin, index) => plugin === b[index]);
}

function addAll<T>(registry: Registry<T>, contributed: Readonly<Record<string, T>> | undefined, owner: string): void {
  for (const [name, value] of Object.entries(contributed ?? {})) registry.add(name, value, owner);
}
