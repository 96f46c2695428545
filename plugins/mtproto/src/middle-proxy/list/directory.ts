import type { Buffer } from 'node:buffer';
import type { Destination } from '@sluice/plugin-api';
import type { ProxyConfig } from './proxy-config.js';

/** Ids above this are of the test data centres, which have no middle proxies. */
const TEST_IDS = 10_000;

/** Telegram's middle proxies, as the last lists that were fetched say. */
export class Directory {
  /** What they all know; the keys of each connection are made of it. */
  readonly secret: Buffer;
  /** In order of preference. */
  readonly #configs: readonly ProxyConfig[];

  /** @param configs for the address families that are used, the preferred one first */
  constructor(secret: Buffer, configs: readonly ProxyConfig[]) {
    this.secret = secret;
    this.#configs = configs;
  }

  /**
   * Where to reach a data centre: the preferred family's addresses first, each family's in random
   * order, so that clients spread. Empty if there is no way.
   * @param dc as a client writes it
   */
  addresses(dc: number): readonly Destination[] {
    return this.#configs.flatMap((config) => shuffled(listed(config, dc)));
  }

  /** Every address there is. */
  all(): readonly Destination[] {
    return this.#configs.flatMap((config) => [...config.addresses.values()].flat());
  }
}

/** A media id without middle proxies of its own uses those of its data centre, any other the list's default. */
function listed({ addresses, fallback }: ProxyConfig, dc: number): readonly Destination[] {
  const own = addresses.get(dc) ?? addresses.get(Math.abs(dc));
  if (own !== undefined) return own;
  if (Math.abs(dc) > TEST_IDS || fallback === undefined) return [];
  return addresses.get(fallback) ?? [];
}

function shuffled<T>(items: readonly T[]): T[] {
  const order = items.map((item) => ({ item, at: Math.random() }));
  return order.sort((a, b) => a.at - b.at).map(({ item }) => item);
}
