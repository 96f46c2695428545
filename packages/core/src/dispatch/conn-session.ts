import {
  SluiceError,
  TimerWheel,
  type Endpoint,
  type Link,
  type Relay,
  type TimerWheel as Wheel,
} from '@sluice/plugin-api';
import { FlowSession, type InboundIdentity } from './flow-session.js';

type Phase = 'handshake' | 'connecting' | 'established';

/** Where a session's connection stands: the link, or for one of several requests on it, its addresses. */
export interface SessionOrigin {
  readonly inbound: InboundIdentity;
  readonly source: Endpoint;
  readonly link: Link;
  readonly timers: Wheel;
  /** Registers a forked session. */
  fork(parent: ConnSession): ConnSession;
}

/** One accepted connection, or one request of a connection that carries several. */
export class ConnSession extends FlowSession {
  readonly network = 'tcp';
  /** A request's session: it ends with its relay or its failed connect, not with the connection. */
  readonly isFork: boolean;
  relay: Relay | undefined;
  readonly #origin: SessionOrigin;
  #phase: Phase = 'handshake';

  constructor(id: number, origin: SessionOrigin, isFork = false) {
    super(id, origin.inbound, origin.source);
    this.isFork = isFork;
    this.#origin = origin;
  }

  get local(): Endpoint {
    return this.#origin.link.conn.local;
  }

  get origin(): SessionOrigin {
    return this.#origin;
  }

  fork(): ConnSession {
    return this.#origin.fork(this);
  }

  /** Limits the handshake that is to come. */
  expectHandshake(ms: number): void {
    this.#origin.timers.schedule(this, TimerWheel.ticks(ms));
  }

  established(): void {
    this.#phase = 'established';
    this.#origin.timers.cancel(this);
  }

  /** Limits the outbound's dial and handshake. */
  expectUpstream(ms: number): void {
    this.#phase = 'connecting';
    this.#origin.timers.schedule(this, TimerWheel.ticks(ms));
  }

  onTimer(): void {
    if (this.#phase === 'handshake') {
      const late = new SluiceError('E_HANDSHAKE_TIMEOUT', 'the client did not complete its handshake in time');
      this.#origin.link.destroy(late);
    } else if (this.#phase === 'connecting') {
      this.abandon(new SluiceError('E_DIAL_TIMEOUT', 'the outbound did not complete its handshake in time'));
    }
  }

  /** Ends the session from outside, in whatever phase it is. */
  kill(error: SluiceError): void {
    this.abandon(error);
    if (this.relay !== undefined) this.relay.close('closing', error);
    else this.#origin.link.destroy(error);
  }
}
