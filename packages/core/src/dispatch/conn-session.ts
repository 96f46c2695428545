import {
  SluiceError,
  TimerWheel,
  type Endpoint,
  type Link,
  type Relay,
  type RelayEnd,
  type TimerWheel as Wheel,
} from '@sluice/plugin-api';
import { FlowSession, type InboundIdentity } from './flow-session.js';

type Phase = 'handshake' | 'connecting' | 'established';

/** The accepted connection that a session, or each of several requests on it, belongs to. */
export class SessionOrigin {
  readonly inbound: InboundIdentity;
  /** Where the protocol begins, and what ends with the session. */
  link: Link;
  readonly timers: Wheel;
  /** Registers a forked session. */
  readonly fork: (parent: ConnSession) => ConnSession;
  /** Takes a session out of the table. */
  readonly release: (session: ConnSession) => void;
  /** It carries requests with sessions, and lines in the log, of their own. */
  carriesRequests = false;
  #source: Endpoint | undefined;
  #local: Endpoint | undefined;

  constructor(inbound: InboundIdentity, link: Link, timers: Wheel, table: Pick<SessionOrigin, 'fork' | 'release'>) {
    this.inbound = inbound;
    this.link = link;
    this.timers = timers;
    this.fork = table.fork;
    this.release = table.release;
  }

  /** Asked of the system when first needed: to know it costs a call, and it cannot be asked once the conn is gone. */
  get source(): Endpoint {
    return this.identify();
  }

  get local(): Endpoint {
    return this.#local ?? this.link.conn.local;
  }

  /** What a proxy in front of this one said. */
  set(source: Endpoint, local: Endpoint | undefined): void {
    this.#source = source;
    this.#local = local;
  }

  /** The connection's layers are on: who the client is, is known to the lowest link only. */
  layered(top: Link): void {
    this.identify();
    this.#local ??= this.link.conn.local;
    this.link = top;
  }

  /** Asks now, for those who will name the source when the conn is gone. */
  identify(): Endpoint {
    this.#source ??= this.link.conn.remote;
    return this.#source;
  }
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
    super(id, origin.inbound);
    this.isFork = isFork;
    this.#origin = origin;
  }

  get source(): Endpoint {
    return this.#origin.source;
  }

  get local(): Endpoint {
    return this.#origin.local;
  }

  /** Payload bytes so far. */
  get uplink(): number {
    return this.relay?.uplink ?? 0;
  }

  get downlink(): number {
    return this.relay?.downlink ?? 0;
  }

  get origin(): SessionOrigin {
    return this.#origin;
  }

  fork(): ConnSession {
    this.#origin.carriesRequests = true;
    return this.#origin.fork(this);
  }

  comesFrom(source: Endpoint, local?: Endpoint): void {
    this.#origin.set(source, local);
  }

  end(error: SluiceError): void {
    if (!this.isFork || this.relay !== undefined) {
      this.kill(error, 'error');
      return;
    }
    // A request that came to nothing: the connection goes on.
    this.abandon(error);
    this.#origin.release(this);
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
  kill(error: SluiceError, end: RelayEnd = 'closing'): void {
    this.abandon(error);
    if (this.relay !== undefined) this.relay.close(end, error);
    else this.#origin.link.destroy(error);
  }
}
