import {
  SluiceError,
  TimerWheel,
  type Endpoint,
  type Network,
  type OwnIdentity,
  type OwnSession,
} from '@sluice/plugin-api';
import { FlowSession } from './flow-session.js';

const NOWHERE: Endpoint = { address: '127.0.0.1', port: 0 };

/** A session without a client: what a plugin connects on its own account. */
export class PluginSession extends FlowSession implements OwnSession {
  readonly network: Network;
  readonly source = NOWHERE;
  readonly local = NOWHERE;
  readonly isFork = false;
  override readonly forcedOutbound: string | undefined;
  readonly #timers: TimerWheel;
  /** Connects and dials within one another. */
  #depth = 0;

  constructor(id: number, as: OwnIdentity, timers: TimerWheel) {
    super(id, { tag: as.inboundTag, protocol: as.inboundProtocol });
    this.network = as.network ?? 'tcp';
    this.forcedOutbound = as.outboundTag;
    this.#timers = timers;
  }

  established(): void {
    this.#timers.cancel(this);
  }

  /** Limits the outbound's dial and handshake. */
  expectUpstream(ms: number): void {
    this.#timers.schedule(this, TimerWheel.ticks(ms));
  }

  onTimer(): void {
    this.abandon(new SluiceError('E_DIAL_TIMEOUT', 'the outbound did not complete its handshake in time'));
  }

  /**
   * What is dialled during the work is given up with the session; what the outermost work gives
   * belongs to who asked for it.
   */
  async dialling<T extends { destroy(): void }>(work: () => Promise<T>): Promise<T> {
    this.#depth += 1;
    try {
      const link = await work();
      if (this.#depth > 1) return link;
      if (this.ended || this.isAbandoned) {
        link.destroy();
        throw new SluiceError('E_CLOSING', 'the session was over before it was connected');
      }
      this.handedOver();
      return link;
    } finally {
      this.#depth -= 1;
    }
  }

  comesFrom(): never {
    throw new SluiceError('E_INTERNAL', 'a session of a plugin has no client');
  }

  fork(): never {
    throw new SluiceError('E_INTERNAL', 'a session of a plugin carries no further sessions');
  }

  close(): void {
    this.end(new SluiceError('E_CLOSING', 'the session is over'));
  }

  end(error: SluiceError): void {
    if (this.ended) return;
    this.established();
    this.abandon(error);
    this.over();
  }
}
