import type { BalancerStrategyContribution } from '@sluice/plugin-api';
import { leastLoadStrategy } from './least-load.js';
import { leastPingStrategy } from './least-ping.js';
import { randomStrategy } from './random.js';
import { roundRobinStrategy } from './round-robin.js';

/** The strategies of V2Ray, by the names that `strategy.type` uses. */
export const balancerStrategies: Readonly<Record<string, BalancerStrategyContribution>> = {
  leastLoad: leastLoadStrategy,
  leastPing: leastPingStrategy,
  random: randomStrategy,
  roundRobin: roundRobinStrategy,
};
