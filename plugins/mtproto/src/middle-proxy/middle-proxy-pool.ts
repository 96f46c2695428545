import { formatHostPort, Link, SluiceError, type DataPlane, type Destination, type Logger } from '@sluice/plugin-api';
import { MiddleProxyConn } from './middle-proxy-conn.js';
import type { MiddleProxyClient, MiddleProxyTarget } from './middle-proxy-target.js';
import { QueueBudget } from './queue-budget.js';
import { PoolSearch } from './pool-search.js';
import { PoolRoute, type PoolDial, type RouteLimits } from './pool-route.js';

/** Answers that wait for all slow clients of an outbound together, in bytes. */
const MAX_WAITING_IN_ALL = 256 * 1024 * 1024;

/** Addresses that one client's connection tries at most. */
const MAX_TRIES = 4;

export interface MiddleProxyPoolOptions {
  readonly plane: DataPlane;
  readonly logger: Logger;
  readonly dial: PoolDial;
  readonly limits?: Partial<RouteLimits>;
}

/** An outbound's connections to middle proxies: many clients share each of them. */
export class MiddleProxyPool {
  readonly #options: MiddleProxyPoolOptions;
  readonly #routes = new Map<string, PoolRoute>();
  readonly #budget = new QueueBudget(MAX_WAITING_IN_ALL);
  #closed = false;

  constructor(options: MiddleProxyPoolOptions) {
    this.#options = options;
  }

  /** Connections that are open or being opened. */
  get size(): number {
    let size = 0;
    for (const route of this.#routes.values()) size += route.size;
    return size;
  }

  /**
   * A link for one client, over a connection that it shares with others. Uses the client's
   * keystreams up if it succeeds, and only then.
   * @param signal ends the attempt; connections that are being opened are left to those who come next
   * @throws SluiceError of the preferred middle proxy's dial or handshake, if none of them can be
   *   used; E_MTPROTO_POOL_FULL, E_CLOSING, the signal's reason
   */
  connect(target: MiddleProxyTarget, client: MiddleProxyClient, signal?: AbortSignal): Promise<Link> {
    const { plane, logger } = this.#options;
    const search = new PoolSearch<Link>({
      timers: plane.timers,
      addresses: [target.preferred, ...target.alternatives].slice(0, MAX_TRIES),
      attempt: (address, isWanted) => this.#attempt(address, target, client, isWanted),
      onFailure: ({ host, port }, { code, message }) =>
        logger.debug(`the middle proxy ${formatHostPort(host, port)} cannot be used`, { code, reason: message }),
      onOvertaken: (address) => target.failed(address),
      signal,
    });
    return search.run();
  }

  /** Closes all connections, and with them the clients' links. */
  close(): void {
    this.#closed = true;
    for (const route of [...this.#routes.values()]) route.close();
    this.#routes.clear();
  }

  async #attempt(
    address: Destination,
    target: MiddleProxyTarget,
    client: MiddleProxyClient,
    isWanted: () => boolean,
  ): Promise<Link | undefined> {
    const options = { target, client, exclusive: false, budget: this.#budget };
    return this.#route(address, target).take((connection) =>
      // The keystreams are used by making it, so only the first to get here may.
      isWanted() ? new Link(new MiddleProxyConn(connection, options)) : undefined,
    );
  }

  #route(address: Destination, target: MiddleProxyTarget): PoolRoute {
    if (this.#closed) throw new SluiceError('E_CLOSING', 'the outbound is closing');
    const key = `${formatHostPort(address.host, address.port)} ${target.poolKey}`;
    const known = this.#routes.get(key);
    if (known !== undefined) return known;
    const { plane, dial, limits } = this.#options;
    const route = new PoolRoute({
      plane,
      dial,
      limits,
      address,
      target,
      onUnused: () => {
        if (this.#routes.get(key) === route) this.#routes.delete(key);
      },
    });
    this.#routes.set(key, route);
    return route;
  }
}
