import { defineBalancerStrategy, Type, type BalancerContext, type BalancerStrategy } from '@sluice/plugin-api';

export interface LeastPingSettings {
  readonly stickyChoice: boolean;
}

/**
 * The living outbound that answered fastest; none before a probe has answered. Where nothing is known of
 * any (their observatory is being exchanged, say) the last choice stays.
 */
export class LeastPingStrategy implements BalancerStrategy {
  readonly #context: BalancerContext<LeastPingSettings>;
  #last: string | undefined;

  constructor(context: BalancerContext<LeastPingSettings>) {
    this.#context = context;
  }

  pick(candidates: readonly string[]): string | undefined {
    const { health, settings } = this.#context;
    let best: string | undefined;
    let least = Infinity;
    let isObserved = false;
    for (const tag of candidates) {
      const known = health.of(tag);
      if (known === undefined) continue;
      isObserved = true;
      // The first of equals stays, so that the choice does not flutter.
      if (!known.alive || known.delay === undefined || known.delay >= least) continue;
      best = tag;
      least = known.delay;
    }
    if (best === undefined && (settings.stickyChoice || !isObserved)) {
      const last = this.#last;
      return last !== undefined && candidates.includes(last) ? last : undefined;
    }
    this.#last = best;
    return best;
  }
}

export const leastPingStrategy = defineBalancerStrategy<LeastPingSettings>({
  description: "The outbound that answered an observatory's probes fastest.",
  needsHealth: true,
  schema: Type.Object({
    stickyChoice: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether the last choice stays when all outbounds are found dead, instead of the fallback. Default false.',
      }),
    ),
    observerTag: Type.Optional(
      Type.String({
        deprecated: true,
        deprecationMessage: 'Has no effect: leave it out.',
        examples: ['observer'],
        description: 'Has no effect: what any observatory has found counts. Default: none.',
      }),
    ),
  }),
  create: (context) => new LeastPingStrategy(context),
});
