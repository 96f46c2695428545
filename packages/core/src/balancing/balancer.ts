import type { BalancerConfig } from '@sluice/config';
import { SluiceError, toSluiceError, type BalancerStrategy, type BalancerView, type Logger } from '@sluice/plugin-api';

/** One balancer: who its members are now, and whom an operator has put in their place. */
export class Balancer {
  readonly config: BalancerConfig;
  readonly strategy: BalancerStrategy;
  readonly #logger: Logger;
  #members: readonly string[] = [];
  #override: string | undefined;
  /** Whether the log has said that no member was any good. */
  #isSaid = false;

  constructor(config: BalancerConfig, strategy: BalancerStrategy, logger: Logger) {
    this.config = config;
    this.strategy = strategy;
    this.#logger = logger;
  }

  /** @param outboundTags all outbounds, in the configuration's order */
  outboundsChanged(outboundTags: readonly string[]): void {
    const { selector } = this.config;
    this.#members = Object.freeze(outboundTags.filter((tag) => selector.some((prefix) => tag.startsWith(prefix))));
    if (this.#override !== undefined && !outboundTags.includes(this.#override)) this.#override = undefined;
  }

  get override(): string | undefined {
    return this.#override;
  }

  set override(outboundTag: string | undefined) {
    this.#override = outboundTag;
  }

  /** @throws SluiceError E_NO_OUTBOUND */
  pick(): string {
    if (this.#override !== undefined) return this.#override;
    const picked = this.#members.length === 0 ? undefined : this.#ask();
    if (picked !== undefined) {
      this.#isSaid = false;
      return picked;
    }
    const { tag, fallbackTag } = this.config;
    const nobody = this.#members.length === 0 ? 'has no outbounds' : 'finds none of its outbounds fit';
    if (!this.#isSaid) {
      // Once, and not for every connection.
      this.#isSaid = true;
      const then = fallbackTag === undefined ? 'its connections are refused' : `they go to "${fallbackTag}"`;
      this.#logger.warn(`the balancer ${nobody}: ${then}`);
    }
    if (fallbackTag !== undefined) return fallbackTag;
    throw new SluiceError('E_NO_OUTBOUND', `the balancer "${tag}" ${nobody}, and it has no fallback`);
  }

  view(): BalancerView {
    const { tag, strategy, fallbackTag } = this.config;
    return { tag, strategy: strategy.type, members: this.#members, fallbackTag, override: this.#override };
  }

  #ask(): string | undefined {
    try {
      return this.strategy.pick(this.#members);
    } catch (error) {
      const { type } = this.config.strategy;
      this.#logger.error(`the strategy "${type}" failed: ${toSluiceError(error).message}`, { code: 'E_INTERNAL' });
      return undefined;
    }
  }
}
