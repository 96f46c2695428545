import {
  defineBalancerStrategy,
  durationMs,
  durationSchema,
  Type,
  type BalancerContext,
  type BalancerStrategy,
  type OutboundHealth,
} from '@sluice/plugin-api';
import { Costs, type Cost } from './costs.js';

export interface LeastLoadSettings {
  readonly expected: number;
  readonly maxRTT: string;
  readonly tolerance: number;
  readonly baselines: readonly string[];
  readonly costs: readonly Cost[];
}

interface Node {
  readonly tag: string;
  /** ms: how far the round trips scatter, times the root of the cost. */
  readonly weight: number;
  readonly delay: number;
  readonly failures: number;
  readonly samples: number;
}

/**
 * Any of the steadiest outbounds: V2Ray's leastLoad. An outbound under load answers unevenly, so they
 * are ordered by how far their round trips scatter, or by the round trip itself where one probe alone
 * is kept. How many of them are taken in turn is what `expected` and `baselines` say. Where nothing is
 * known of any (their observatory is being exchanged, say) the last ones stay.
 */
export class LeastLoadStrategy implements BalancerStrategy {
  readonly #context: BalancerContext<LeastLoadSettings>;
  readonly #random: () => number;
  readonly #costs: Costs;
  readonly #maxRtt: number;
  readonly #baselines: readonly number[];
  #last: readonly string[] = [];

  /** @param random from 0 up to but not including 1 */
  constructor(context: BalancerContext<LeastLoadSettings>, random: () => number = Math.random) {
    const { costs, maxRTT, baselines } = context.settings;
    this.#context = context;
    this.#random = random;
    this.#costs = new Costs(costs);
    this.#maxRtt = durationMs(maxRTT);
    this.#baselines = baselines.map(durationMs).filter((ms) => ms > 0);
  }

  pick(candidates: readonly string[]): string | undefined {
    const { health } = this.#context;
    const isObserved = candidates.some((tag) => health.of(tag) !== undefined);
    this.#last = isObserved ? this.#steadiest(candidates) : this.#last.filter((tag) => candidates.includes(tag));
    return this.#last[Math.floor(this.#random() * this.#last.length)];
  }

  #steadiest(candidates: readonly string[]): string[] {
    const nodes = candidates.map((tag) => this.#qualified(tag)).filter((node) => node !== undefined);
    nodes.sort(bySteadiness);
    return nodes.slice(0, this.#countOf(nodes)).map(({ tag }) => tag);
  }

  #qualified(tag: string): Node | undefined {
    const known = this.#context.health.of(tag);
    if (known === undefined || !known.alive || known.delay === undefined) return undefined;
    if (this.#maxRtt > 0 && known.delay >= this.#maxRtt) return undefined;
    const { delay, deviation, failures, samples } = known as OutboundHealth & { delay: number };
    const { tolerance } = this.#context.settings;
    if (tolerance > 0 && samples > 0 && failures / samples > tolerance) return undefined;
    return { tag, delay, failures, samples, weight: (deviation ?? delay) * Math.sqrt(this.#costs.of(tag)) };
  }

  /** How many of the sorted nodes are taken in turn. */
  #countOf(nodes: readonly Node[]): number {
    const { expected } = this.#context.settings;
    const wanted = Math.min(Math.max(expected, 1), nodes.length);
    if (this.#baselines.length === 0 || expected > nodes.length) return wanted;
    let count = 0;
    for (const baseline of this.#baselines) {
      while (count < nodes.length && (nodes[count] as Node).weight < baseline) count += 1;
      if (count >= wanted) break;
    }
    // With baselines alone, what is slower than all of them is not taken.
    return expected > 0 ? Math.max(count, wanted) : count;
  }
}

function bySteadiness(a: Node, b: Node): number {
  return (
    a.weight - b.weight ||
    a.delay - b.delay ||
    a.failures - b.failures ||
    b.samples - a.samples ||
    (a.tag < b.tag ? -1 : 1)
  );
}

const costSchema = Type.Object(
  {
    match: Type.String({
      description: 'What the tag must contain. Needed; no default.',
      examples: ['proxy-', 'slow'],
    }),
    regexp: Type.Optional(
      Type.Boolean({ default: false, description: 'Whether `match` is a regular expression. Default false.' }),
    ),
    value: Type.Optional(
      Type.Unsafe<number>({
        type: 'number',
        minimum: 0,
        default: 0,
        unit: 'cost',
        examples: [2.5],
        description:
          'The cost; 1 is neutral, a higher one makes it less likely. 0: the first number in what matched. Default 0.',
      }),
    ),
  },
  { additionalProperties: false, description: 'The cost of outbounds, by their tags.' },
);

export const leastLoadStrategy = defineBalancerStrategy<LeastLoadSettings>({
  description: "Any of the outbounds that answered an observatory's probes most steadily.",
  needsHealth: true,
  schema: Type.Object({
    expected: Type.Optional(
      Type.Integer({
        default: 0,
        unit: 'outbounds',
        description: 'How many outbounds to spread over. 0: one, or as many as are better than a baseline. Default 0.',
      }),
    ),
    maxRTT: Type.Optional(
      durationSchema({ default: '0', description: 'Slower outbounds are not used: "1s". "0": no limit. Default "0".' }),
    ),
    tolerance: Type.Optional(
      Type.Unsafe<number>({
        type: 'number',
        minimum: 0,
        maximum: 1,
        default: 0,
        unit: 'share, from 0 to 1',
        examples: [0.01],
        description:
          'The share of failed probes above which an outbound is not used: 0.01 for 1 %. 0: no limit. Default 0.',
      }),
    ),
    baselines: Type.Optional(
      Type.Array(durationSchema({}), {
        maxItems: 64,
        default: [],
        examples: [['50ms', '100ms']],
        description:
          'Deviations of the round trip in rising order, as "50ms": the outbounds better than the first one that gives as many as `expected` are used. Default [].',
      }),
    ),
    costs: Type.Optional(
      Type.Array(costSchema, {
        maxItems: 1024,
        default: [],
        description: 'What outbounds cost, by their tags; the first that matches counts. Default [].',
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
  check(settings, problems) {
    for (const [index, { regexp, match }] of settings.costs.entries()) {
      if (!regexp) continue;
      try {
        new RegExp(match, 'u');
      } catch {
        problems.error(['costs', index, 'match'], 'this is not a regular expression');
      }
    }
  },
  create: (context) => new LeastLoadStrategy(context),
});
