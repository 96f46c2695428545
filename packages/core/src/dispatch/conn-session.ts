import { SluiceError, TimerWheel, type Endpoint, type Link, type Relay, type TimerWheel as Wheel } from '@sluice/plugin-api';
import { FlowSession, type InboundIdentity } from './flow-session.js';

type Phase = 'handshake' | 'connecting' | 'established';

/** One accepted connection, from accept to its end. */
export class ConnSession extends FlowSession {
  readonly network = 'tcp';
  readonly link: Link;
  relay: Relay | undefined;
  readonly #timers: Wheel;
  #phase: Phase = 'handshake';

  constructor(id: number, inbound: InboundIdentity, link: Link, timers: Wheel) {
    super(id, inbound, link.conn.remote);
    this.link = link;
    this.#timers = timers;
  }

  get local(): Endpoint {
    return this.link.conn.local;
  }

  /** Limits the handshake that is to come. */
  expectHandshake(ms: number): void {
    this.#timers.schedule(this, TimerWheel.ticks(ms));
  }

  established(): void {
    this.#phase = 'established';
    this.#timers.cancel(this);
  }

  /** Limits the outbound's dial and handshake. */
  expectUpstream(ms: number): void {
    this.#phase = 'connecting';
    this.#timers.schedule(this, TimerWheel.ticks(ms));
  }

  onTimer(): void {
    if (this.#phase === 'handshake') {
      this.link.destroy(new SluiceError('E_HANDSHAKE_TIMEOUT', 'the client did not complete its handshake in time'));
    } else if (this.#phase === 'connecting') {
      this.abandon(new SluiceError('E_DIAL_TIMEOUT', 'the outbound did not complete its handshake in time'));
    }
  }

  /** Ends the session from outside, in whatever phase it is. */
  kill(error: SluiceError): void {
    this.abandon(error);
    if (this.relay !== undefined) this.relay.close('closing', error);
    else this.link.destroy(error);
  }
}
