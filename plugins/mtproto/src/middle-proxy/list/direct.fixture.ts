import { DataPlane, type Destination, type Dispatcher, type Link } from '@sluice/plugin-api';
import { DirectDialer, StubSession } from '@sluice/testing';

/** Connects without routing, names to loopback only, and keeps what it was asked for. */
export class DirectDispatcher implements Pick<Dispatcher, 'connect' | 'originate'> {
  readonly plane = new DataPlane();
  readonly asked: Destination[] = [];
  readonly sessions: StubSession[] = [];
  readonly #dialer = new DirectDialer(this.plane);

  originate({ inboundProtocol }: { inboundProtocol: string }): StubSession {
    const session = new StubSession('tcp', undefined, undefined, { protocol: inboundProtocol });
    this.sessions.push(session);
    return session;
  }

  connect(session: StubSession, to: Destination): Promise<Link> {
    this.asked.push(to);
    return this.#dialer.dial(session, to.type === 'domain' ? { ...to, type: 'ipv4', host: '127.0.0.1' } : to);
  }

  /** For callers that need no session. */
  readonly dial = (to: Destination): Promise<Link> => this.connect(new StubSession(), to);

  async quiet(): Promise<void> {
    while (this.plane.conns > 0) await new Promise((resolve) => setImmediate(resolve));
  }
}
