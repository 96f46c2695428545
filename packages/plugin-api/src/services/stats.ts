import type { Counter } from '@sluice/net';

/** Named counters, V2Ray's names: "inbound>>>TAG>>>traffic>>>uplink". */
export interface Stats {
  /** The counter of that name, made when first asked for. */
  counter(name: string): Counter;
  /** The counter of that name if someone has asked for it before. */
  find(name: string): Counter | undefined;
  /** All counters whose names contain the pattern, by name. */
  query(pattern: string): ReadonlyMap<string, number>;
  /** Sets the counter of that name back to 0. @returns what it had counted; undefined if nobody has asked for it before */
  reset(name: string): number | undefined;
}
