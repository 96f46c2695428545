import type { Health } from '../services/health.js';
import type { Logger } from '../services/logger.js';
import type { ProblemReporter, TSchema } from './schema.js';

/** What a balancer's strategy is given. */
export interface BalancerContext<S = unknown> {
  /** The balancer's tag. */
  readonly tag: string;
  /** Validated and frozen. */
  readonly settings: Readonly<S>;
  readonly logger: Logger;
  readonly health: Health;
  /** How many connections go out by this outbound at this moment. */
  load(outboundTag: string): number;
}

/** Chooses among a balancer's outbounds. Synchronous, never throws. */
export interface BalancerStrategy {
  /**
   * @param candidates the outbounds that the balancer's selector names, in the configuration's
   * order; at least one
   * @returns one of them, or undefined if none is any good: the balancer's fallback is used then
   */
  pick(candidates: readonly string[]): string | undefined;
}

/** A kind of choice: what `strategy.type` of a balancer names. */
export interface BalancerStrategyContribution<S = unknown> {
  /** One sentence for completion and docs. */
  readonly description: string;
  /** The JSON Schema of `strategy.settings`. */
  readonly schema: TSchema;
  /** Whether it finds no outbound fit that nobody probes, so that a configuration needs an observatory. */
  readonly needsHealth?: boolean;
  /** Finds what a schema cannot say. */
  check?(settings: S, problems: ProblemReporter): void;
  create(context: BalancerContext<S>): BalancerStrategy;
}

/** Keeps the settings' type while the registry forgets it. */
export function defineBalancerStrategy<S>(contribution: BalancerStrategyContribution<S>): BalancerStrategyContribution {
  return contribution;
}
