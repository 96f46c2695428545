import { defineBalancerStrategy, Type, type BalancerContext, type BalancerStrategy } from '@sluice/plugin-api';
import { living } from './living.js';

/** Any living one, each as likely as the others. */
export class RandomStrategy implements BalancerStrategy {
  readonly #context: BalancerContext;
  readonly #random: () => number;

  /** @param random from 0 up to but not including 1 */
  constructor(context: BalancerContext, random: () => number = Math.random) {
    this.#context = context;
    this.#random = random;
  }

  pick(candidates: readonly string[]): string | undefined {
    const alive = living(candidates, this.#context.health);
    return alive[Math.floor(this.#random() * alive.length)];
  }
}

export const randomStrategy = defineBalancerStrategy({
  description: 'Any outbound, each as likely as the others; those that an observatory has found dead are left out.',
  schema: Type.Object({
    aliveOnly: Type.Optional(
      Type.Boolean({
        deprecated: true,
        deprecationMessage: 'Has no effect: leave it out.',
        description: 'Has no effect: what an observatory has found dead is always left out. Default: none.',
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
  create: (context) => new RandomStrategy(context),
});
