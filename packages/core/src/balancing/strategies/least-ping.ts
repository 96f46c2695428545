import { defineBalancerStrategy, Type, type BalancerContext, type BalancerStrategy } from '@sluice/plugin-api';

export interface LeastPingSettings {
  readonly stickyChoice: boolean;
}

/** The living outbound that answered fastest; none before a probe has answered. */
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
    for (const tag of candidates) {
      const known = health.of(tag);
      // The first of equals stays, so that the choice does not flutter.
      if (known === undefined || !known.alive || known.delay === undefined || known.delay >= least) continue;
      best = tag;
      least = known.delay;
    }
    if (best === undefined && settings.stickyChoice && this.#last !== undefined && candidates.includes(this.#last))
      return this.#last;
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
        description: 'Has no effect: what any observatory has found counts. Default: none.',
      }),
    ),
  }),
  create: (context) => new LeastPingStrategy(context),
});
