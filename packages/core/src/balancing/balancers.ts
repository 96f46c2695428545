import type { BalancerConfig } from '@sluice/config';
import {
  SluiceError,
  type BalancerStrategyContribution,
  type BalancerView,
  type Health,
  type Logger,
} from '@sluice/plugin-api';
import { isDeepStrictEqual } from 'node:util';
import { Balancer } from './balancer.js';

export interface BalancersOptions {
  readonly health: Health;
  /** How many connections go out by this outbound at this moment. */
  readonly load: (outboundTag: string) => number;
  readonly logger: (scope: string) => Logger;
  /** Looks a strategy up by its name; throws E_REGISTRY_UNKNOWN. */
  readonly strategies: (name: string) => BalancerStrategyContribution;
}

/** The configured balancers by tag. */
export class Balancers {
  readonly #options: BalancersOptions;
  #balancers: ReadonlyMap<string, Balancer> = new Map();
  #outboundTags: readonly string[] = [];

  constructor(options: BalancersOptions) {
    this.#options = options;
  }

  /**
   * Replaces all; the overrides of balancers that stay are kept while their outbounds are there, and
   * so is what the strategy of an unchanged one remembers. After an error nothing has changed.
   * @param outboundTags all outbounds, in the configuration's order
   * @throws SluiceError E_REGISTRY_UNKNOWN
   */
  load(configs: readonly BalancerConfig[], outboundTags: readonly string[]): void {
    const next = new Map(configs.map((config) => [config.tag, this.#made(config)]));
    this.#balancers = next;
    this.outboundsChanged(outboundTags);
  }

  /** @param outboundTags all outbounds, in the configuration's order */
  outboundsChanged(outboundTags: readonly string[]): void {
    this.#outboundTags = [...outboundTags];
    for (const balancer of this.#balancers.values()) balancer.outboundsChanged(this.#outboundTags);
  }

  /** @returns the tag of the outbound that takes the next connection @throws SluiceError E_NO_OUTBOUND */
  pick(tag: string): string {
    const balancer = this.#balancers.get(tag);
    if (balancer === undefined) throw new SluiceError('E_NO_OUTBOUND', `there is no balancer "${tag}"`);
    return balancer.pick();
  }

  views(): BalancerView[] {
    return [...this.#balancers.values()].map((balancer) => balancer.view());
  }

  /**
   * @param outboundTag any outbound, a member or not; undefined gives the choice back to the strategy
   * @throws SluiceError E_NOT_FOUND for the balancer or the outbound
   */
  override(tag: string, outboundTag: string | undefined): void {
    const balancer = this.#balancers.get(tag);
    if (balancer === undefined) throw new SluiceError('E_NOT_FOUND', `there is no balancer "${tag}"`);
    if (outboundTag !== undefined && !this.#outboundTags.includes(outboundTag))
      throw new SluiceError('E_NOT_FOUND', `there is no outbound "${outboundTag}"`);
    balancer.override = outboundTag;
  }

  #made(config: BalancerConfig): Balancer {
    const { health, load, logger, strategies } = this.#options;
    const { tag, strategy } = config;
    const earlier = this.#balancers.get(tag);
    const log = logger(tag);
    const made = new Balancer(
      config,
      earlier !== undefined && isDeepStrictEqual(earlier.config.strategy, strategy)
        ? earlier.strategy
        : strategies(strategy.type).create({ tag, settings: strategy.settings as object, logger: log, health, load }),
      log,
    );
    made.override = earlier?.override;
    return made;
  }
}
