import type { Buffer } from 'node:buffer';
import {
  formatHostPort,
  SluiceError,
  type DataPlane,
  type Destination,
  type Link,
  type PacketConn,
  type Session,
} from '@sluice/plugin-api';
import { DirectDialer, type StubSession } from '../harness/services.js';

/**
 * Dials what the suite has started, and nothing else: an address that broken bytes name must not be
 * reached. As in the runtime, what was dialled for a session goes when the session's time is up.
 */
export class OwnDialer extends DirectDialer {
  readonly #plane: DataPlane;
  readonly #ports: readonly number[];
  readonly #held = new WeakMap<Session, Link[]>();

  /** @param ports those of loopback that may be dialled */
  constructor(plane: DataPlane, ports: readonly number[]) {
    super(plane);
    this.#plane = plane;
    this.#ports = ports;
  }

  override async dial(session: Session, to: Destination): Promise<Link> {
    this.#check(to);
    return this.#hold(session, await super.dial(session, to));
  }

  override async dialAny(...[session, candidates, observer]: Parameters<DirectDialer['dialAny']>): Promise<Link> {
    for (const to of candidates) this.#check(to);
    return this.#hold(session, await super.dialAny(session, candidates, observer));
  }

  override async openPackets(): ReturnType<DirectDialer['openPackets']> {
    const conn = await super.openPackets();
    const send = conn.send.bind(conn);
    const own: PacketConn['send'] = (payload: Buffer, to: Destination) => {
      if (this.#isOwn(to)) send(payload, to);
    };
    return Object.assign(conn, { send: own });
  }

  /** Lets the outbound connect, for so long. @param ms the time after which all that it has dialled is closed */
  async inTime(session: StubSession, ms: number, connect: () => Promise<Link>): Promise<Link> {
    const timer = this.#plane.timers.after(ms, () => {
      session.abort();
      for (const link of this.#held.get(session) ?? []) link.destroy();
    });
    try {
      return await connect();
    } finally {
      this.#plane.timers.cancel(timer);
      this.#held.delete(session);
    }
  }

  #hold(session: Session, link: Link): Link {
    const held = this.#held.get(session);
    if (held === undefined) this.#held.set(session, [link]);
    else held.push(link);
    return link;
  }

  #isOwn({ host, port }: Destination): boolean {
    return ['127.0.0.1', '::1', 'localhost'].includes(host) && this.#ports.includes(port);
  }

  #check(to: Destination): void {
    if (this.#isOwn(to)) return;
    throw new SluiceError('E_DIAL_REFUSED', `${formatHostPort(to.host, to.port)} is no part of this test`);
  }
}
