import { SluiceError, type Link, type TimerWheel } from '@sluice/plugin-api';
import { ConnSession, SessionOrigin } from './conn-session.js';
import type { InboundIdentity } from './flow-session.js';
import { PluginSession } from './plugin-session.js';

/** How long a session that was ended may take to be gone, in ms; only a stuck handler needs it. */
const SETTLE_MS = 1000;

/** The live connections of an instance. */
export class SessionTable {
  readonly #sessions = new Set<ConnSession>();
  readonly #own = new Set<PluginSession>();
  #nextId = 1;
  readonly #onEmpty = new Set<() => void>();

  get size(): number {
    return this.#sessions.size;
  }

  nextId(): number {
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }

  /** A session for a connection that was just accepted. */
  open(inbound: InboundIdentity, link: Link, timers: TimerWheel): ConnSession {
    const origin = new SessionOrigin(inbound, link, timers, this.#forOrigins);
    return this.#add(new ConnSession(this.nextId(), origin));
  }

  /** A session for what a plugin connects on its own account. */
  originate(inbound: InboundIdentity, timers: TimerWheel): PluginSession {
    const session = new PluginSession(this.nextId(), inbound, timers);
    this.#own.add(session);
    session.onEnd({ sessionEnded: () => this.#own.delete(session) });
    return session;
  }

  /** The same for all connections: each has it for its further requests. */
  readonly #forOrigins = {
    fork: (parent: ConnSession): ConnSession => {
      const session = new ConnSession(this.nextId(), parent.origin, true);
      session.user = parent.user;
      if (parent.ended) session.ended = true;
      else this.#add(session);
      return session;
    },
    release: (session: ConnSession): void => void this.remove(session),
  };

  #add(session: ConnSession): ConnSession {
    this.#sessions.add(session);
    return session;
  }

  /** False if the session had ended before. */
  remove(session: ConnSession): boolean {
    if (!this.#sessions.delete(session)) return false;
    session.over();
    if (this.#sessions.size === 0) for (const tell of this.#onEmpty) tell();
    return true;
  }

  /** Ends what has no relay yet, gives relays `ms` to come to their end, then ends them too. */
  async drain(ms: number): Promise<void> {
    const closing = new SluiceError('E_CLOSING', 'the instance is shutting down');
    const sessions = [...this.#sessions];
    // A connection whose request is being relayed has no relay of its own, but is not idle either.
    const carriers = new Set(
      sessions.filter((each) => each.isFork && each.relay !== undefined).map((each) => each.origin),
    );
    for (const session of sessions) {
      const carries = !session.isFork && carriers.has(session.origin);
      if (session.relay === undefined && !carries) session.kill(closing);
    }
    await this.#emptyWithin(ms);
    for (const session of [...this.#sessions]) session.kill(closing);
    for (const session of [...this.#own]) session.end(closing);
    // Inbounds learn of it by their next read, and then the session is logged.
    await this.#emptyWithin(SETTLE_MS);
  }

  #emptyWithin(ms: number): Promise<void> {
    if (this.#sessions.size === 0 || ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#onEmpty.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#onEmpty.add(done);
    });
  }
}
