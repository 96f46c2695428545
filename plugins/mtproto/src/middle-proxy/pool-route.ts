import {
  formatHostPort,
  SluiceError,
  type DataPlane,
  type Destination,
  type Link,
  type TimerEntry,
} from '@sluice/plugin-api';
import { MiddleProxyConnection, type ConnectionOwner } from './middle-proxy-connection.js';
import type { MiddleProxyTarget } from './middle-proxy-target.js';

/** A connection that is being dialled on the outbound's own account. */
export interface PoolDialing {
  readonly link: Promise<Link>;
  /** Gives the dial up, or says that the link is not needed any more. The link itself is the caller's. */
  close(): void;
}

export type PoolDial = (to: Destination) => PoolDialing;

export interface RouteLimits {
  /** Clients that share a connection: one segment that is lost holds all of them up. */
  readonly clients: number;
  /** Connections to one middle proxy. */
  readonly connections: number;
  /** A connection without clients is kept for so long, in ms. */
  readonly idle: number;
  /** A middle proxy's handshake may take so long, in ms. */
  readonly handshake: number;
}

export interface PoolRouteOptions {
  readonly plane: DataPlane;
  readonly dial: PoolDial;
  readonly limits?: Partial<RouteLimits> | undefined;
  readonly address: Destination;
  readonly target: MiddleProxyTarget;
  /** No connection is left. */
  onUnused(): void;
}

const DEFAULT_LIMITS: RouteLimits = { clients: 128, connections: 64, idle: 120_000, handshake: 5000 };

/** A dial may take so long, with whatever outbounds it leads through, in ms. */
const DIAL_LIMIT = 16_000;

interface Pooled {
  readonly dialing: PoolDialing;
  idleTimer: TimerEntry | undefined;
}

/** The connections to one middle proxy. */
export class PoolRoute implements ConnectionOwner {
  readonly #options: PoolRouteOptions;
  readonly #limits: RouteLimits;
  readonly #connections = new Map<MiddleProxyConnection, Pooled>();
  #opening: Promise<void> | undefined;
  /** Gives up what is being opened, at whatever step it is. */
  #giveUp: ((error: SluiceError) => void) | undefined;
  #closed = false;

  constructor(options: PoolRouteOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  /** Connections that are open or being opened. */
  get size(): number {
    return this.#connections.size + (this.#opening === undefined ? 0 : 1);
  }

  /**
   * Has a connection with room used, which is opened if there is none.
   * @param use joins it within the call, or leaves it
   * @throws SluiceError of the dial or the handshake; E_MTPROTO_POOL_FULL, E_CLOSING
   */
  async take<T>(use: (connection: MiddleProxyConnection) => T): Promise<T> {
    // Others who waited for the same connection may fill it first, but not all that can be opened.
    for (let turn = 0; turn <= this.#limits.connections; turn += 1) {
      const connection = this.#pick();
      if (connection !== undefined) return this.#lend(connection, use);
      if (this.#closed) throw closing();
      if (this.#opening === undefined && this.#connections.size >= this.#limits.connections) break;
      this.#opening ??= this.#open();
      await this.#opening;
    }
    const { host, port } = this.#options.address;
    throw new SluiceError(
      'E_MTPROTO_POOL_FULL',
      `all connections to the middle proxy ${formatHostPort(host, port)} are full`,
    );
  }

  connectionIdle(connection: MiddleProxyConnection): void {
    const pooled = this.#connections.get(connection);
    if (pooled === undefined) return;
    this.#keep(pooled);
    pooled.idleTimer = this.#options.plane.timers.after(this.#limits.idle, () => connection.close());
  }

  connectionClosed(connection: MiddleProxyConnection): void {
    const pooled = this.#connections.get(connection);
    if (pooled === undefined) return;
    this.#connections.delete(connection);
    this.#keep(pooled);
    pooled.dialing.close();
    this.#unusedIfEmpty();
  }

  close(): void {
    this.#closed = true;
    this.#giveUp?.(closing());
    for (const connection of [...this.#connections.keys()]) connection.close(closing());
  }

  /** The one with the fewest clients; one that does not take bytes at the moment only if it must be. */
  #pick(): MiddleProxyConnection | undefined {
    let best: MiddleProxyConnection | undefined;
    for (const each of this.#connections.keys()) {
      if (each.members >= this.#limits.clients) continue;
      if (best === undefined || this.#load(each) < this.#load(best)) best = each;
    }
    const pooled = best === undefined ? undefined : this.#connections.get(best);
    if (pooled !== undefined) this.#keep(pooled);
    return best;
  }

  #lend<T>(connection: MiddleProxyConnection, use: (connection: MiddleProxyConnection) => T): T {
    const used = use(connection);
    if (connection.members === 0) this.connectionIdle(connection);
    return used;
  }

  #load(connection: MiddleProxyConnection): number {
    return connection.members + (connection.blocked ? this.#limits.clients : 0);
  }

  #keep(pooled: Pooled): void {
    if (pooled.idleTimer !== undefined) this.#options.plane.timers.cancel(pooled.idleTimer);
    pooled.idleTimer = undefined;
  }

  async #open(): Promise<void> {
    const { address, target } = this.#options;
    const dialing = this.#options.dial(address);
    try {
      const link = await this.#dialled(dialing);
      this.#giveUp = (error) => link.destroy(error);
      if (this.#closed) this.#giveUp(closing());
      const { secret, natAddress } = target;
      const connection = await MiddleProxyConnection.open(
        this.#options.plane,
        link,
        { to: address, secret, natAddress, timeLimit: this.#limits.handshake },
        this,
      );
      if (this.#closed) {
        connection.close();
        throw closing();
      }
      this.#connections.set(connection, { dialing, idleTimer: undefined });
      // Whoever waited for it may be gone.
      this.connectionIdle(connection);
      target.worked(address);
    } catch (error) {
      dialing.close();
      if (!this.#closed) target.failed(address);
      throw error;
    } finally {
      this.#opening = undefined;
      this.#giveUp = undefined;
      this.#unusedIfEmpty();
    }
  }

  #dialled(dialing: PoolDialing): Promise<Link> {
    const { timers } = this.#options.plane;
    return new Promise<Link>((resolve, reject) => {
      let givenUp = false;
      const giveUp = (error: SluiceError): void => {
        givenUp = true;
        timers.cancel(timer);
        reject(error);
      };
      const late = new SluiceError('E_DIAL_TIMEOUT', 'the middle proxy could not be reached in time');
      const timer = timers.after(DIAL_LIMIT, () => giveUp(late));
      this.#giveUp = giveUp;
      dialing.link.then((link) => {
        timers.cancel(timer);
        if (givenUp) link.destroy();
        else resolve(link);
      }, giveUp);
    });
  }

  #unusedIfEmpty(): void {
    if (this.size === 0) this.#options.onUnused();
  }
}

function closing(): SluiceError {
  return new SluiceError('E_CLOSING', 'the outbound is closing');
}
