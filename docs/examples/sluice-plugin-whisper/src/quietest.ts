import { defineBalancerStrategy, Type } from '@sluice/plugin-api';

/** The outbound with the fewest connections at this moment; of several the first. */
export const quietest = defineBalancerStrategy<object>({
  description: 'The outbound that carries the fewest connections.',
  schema: Type.Object({}),
  create: (context) => ({
    pick(candidates) {
      let best: string | undefined;
      for (const tag of candidates) if (best === undefined || context.load(tag) < context.load(best)) best = tag;
      return best;
    },
  }),
});
