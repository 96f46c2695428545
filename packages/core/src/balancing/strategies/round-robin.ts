import { defineBalancerStrategy, Type, type BalancerContext, type BalancerStrategy } from '@sluice/plugin-api';
import { living } from './living.js';

/** One living outbound after the other. */
export class RoundRobinStrategy implements BalancerStrategy {
  readonly #context: BalancerContext;
  #next = 0;

  constructor(context: BalancerContext) {
    this.#context = context;
  }

  pick(candidates: readonly string[]): string | undefined {
    const alive = living(candidates, this.#context.health);
    const index = this.#next < alive.length ? this.#next : 0;
    this.#next = index + 1;
    return alive[index];
  }
}

export const roundRobinStrategy = defineBalancerStrategy({
  description: 'One outbound after the other, in their order; those that an observatory has found dead are left out.',
  schema: Type.Object({}),
  create: (context) => new RoundRobinStrategy(context),
});
