import type { Counter } from '@sluice/net';

/** Named counters, V2Ray's names: "inbound>>>TAG>>>traffic>>>uplink". */
export interface Stats {
  /** The counter of that name, made when first asked for. */
  counter(name: string): Counter;
  /** The counter of that name if someone has asked for it before. */
  find(name: string): Counter | undefined;
  /** All counters whose names contain the pattern, by name. */
  query(pattern: string): ReadonlyMap<string, number>;
}
