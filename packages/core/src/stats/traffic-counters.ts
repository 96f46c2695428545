import type { PolicyConfig } from '@sluice/config';
import type { Counter, LevelPolicy, Stats, User } from '@sluice/plugin-api';

/** The counters of one handler or user; undefined where the switches are off. */
export interface TrafficPair {
  readonly uplink: Counter | undefined;
  readonly downlink: Counter | undefined;
}

const NOTHING: TrafficPair = { uplink: undefined, downlink: undefined };

/** Finds the counters that V2Ray's `stats` and `policy` switches ask for. */
export class TrafficCounters {
  readonly #stats: Stats;
  #system!: PolicyConfig['system'];
  #enabled!: boolean;

  constructor(stats: Stats, policy: PolicyConfig, enabled: boolean) {
    this.#stats = stats;
    this.load(policy, enabled);
  }

  /** Goes over to other switches. Who was given a pair before keeps it. */
  load(policy: PolicyConfig, enabled: boolean): void {
    this.#system = policy.system;
    this.#enabled = enabled;
  }

  inbound(tag: string): TrafficPair {
    return this.#pair('inbound', tag, this.#system.statsInboundUplink, this.#system.statsInboundDownlink);
  }

  outbound(tag: string): TrafficPair {
    return this.#pair('outbound', tag, this.#system.statsOutboundUplink, this.#system.statsOutboundDownlink);
  }

  user(user: User | undefined, level: LevelPolicy): TrafficPair {
    if (user?.email === undefined || user.email === '') return NOTHING;
    return this.#pair('user', user.email, level.statsUserUplink, level.statsUserDownlink);
  }

  #pair(kind: string, name: string, uplink: boolean, downlink: boolean): TrafficPair {
    if (!this.#enabled || !(uplink || downlink)) return NOTHING;
    const counter = (direction: string): Counter => this.#stats.counter(`${kind}>>>${name}>>>traffic>>>${direction}`);
    return {
      uplink: uplink ? counter('uplink') : undefined,
      downlink: downlink ? counter('downlink') : undefined,
    };
  }
}
