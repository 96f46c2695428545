import {
  formatHostPort,
  Link,
  SluiceError,
  toSluiceError,
  type DataPlane,
  type Destination,
  type Logger,
} from '@sluice/plugin-api';
import { MiddleProxyConn } from './middle-proxy-conn.js';
import type { MiddleProxyClient, MiddleProxyTarget } from './middle-proxy-target.js';
import { QueueBudget } from './queue-budget.js';
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
   * A link for one client, over a connection that it shares with others. Uses the client's keystreams up.
   * @throws SluiceError of the preferred middle proxy's dial or handshake, if none of them can be
   *   used; E_MTPROTO_POOL_FULL, E_CLOSING
   */
  async connect(target: MiddleProxyTarget, client: MiddleProxyClient): Promise<Link> {
    let first: SluiceError | undefined;
    for (const address of [target.preferred, ...target.alternatives].slice(0, MAX_TRIES)) {
      try {
        return await this.#connectTo(address, target, client);
      } catch (thrown) {
        const error = toSluiceError(thrown);
        if (this.#closed) throw error;
        first ??= error;
        this.#options.logger.debug(`the middle proxy ${formatHostPort(address.host, address.port)} cannot be used`, {
          code: error.code,
          reason: error.message,
        });
      }
    }
    throw first ?? new SluiceError('E_INTERNAL', 'no middle proxy to connect to');
  }

  /** Closes all connections, and with them the clients' links. */
  close(): void {
    this.#closed = true;
    for (const route of [...this.#routes.values()]) route.close();
    this.#routes.clear();
  }

  async #connectTo(address: Destination, target: MiddleProxyTarget, client: MiddleProxyClient): Promise<Link> {
    const options = { target, client, exclusive: false, budget: this.#budget };
    const conn = await this.#route(address, target).take((connection) => new MiddleProxyConn(connection, options));
    return new Link(conn);
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
