import { SluiceError, TimerWheel, type Endpoint, type OwnSession } from '@sluice/plugin-api';
import { FlowSession, type InboundIdentity } from './flow-session.js';

const NOWHERE: Endpoint = { address: '127.0.0.1', port: 0 };

/** A session without a client: what a plugin connects on its own account. */
export class PluginSession extends FlowSession implements OwnSession {
  readonly network = 'tcp';
  readonly source = NOWHERE;
  readonly local = NOWHERE;
  readonly isFork = false;
  readonly #timers: TimerWheel;

  constructor(id: number, inbound: InboundIdentity, timers: TimerWheel) {
    super(id, inbound);
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

  /** Links belong to who asked for them as soon as they are there. */
  override holds(): void {
    // Nothing is given up with the session but dials.
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
