import { SluiceError, type Link, type OwnIdentity, type SessionView, type TimerWheel } from '@sluice/plugin-api';
import { Feed } from '../control/feed.js';
import { ConnSession, SessionOrigin } from './conn-session.js';
import type { FlowSession, InboundIdentity } from './flow-session.js';
import type { PacketFlow } from './packet-flow.js';
import { PluginSession } from './plugin-session.js';

/** How long a session that was ended may take to be gone, in ms; only a stuck handler needs it. */
const SETTLE_MS = 1000;

/** A session that is over, and why if it did not end in order. */
export interface SessionEnd {
  readonly session: SessionView;
  readonly error: SluiceError | undefined;
}

/** The live connections and UDP flows of an instance. */
export class SessionTable {
  readonly ends = new Feed<SessionEnd>();
  readonly #sessions = new Set<ConnSession>();
  readonly #flows = new Set<PacketFlow>();
  readonly #own = new Set<PluginSession>();
  readonly #past = { uplink: 0, downlink: 0 };
  /** What waits for all sessions up to an id to be over, oldest first. */
  readonly #waiting: { readonly upTo: number; readonly call: () => void }[] = [];
  #nextId = 1;
  readonly #onEmpty = new Set<() => void>();

  /** Connections; flows and plugins' own are not counted. */
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
  originate(as: OwnIdentity, timers: TimerWheel): PluginSession {
    const session = new PluginSession(this.nextId(), as, timers);
    this.#own.add(session);
    session.onEnd({
      sessionEnded: () => {
        this.#own.delete(session);
        this.#callWaiting();
      },
    });
    return session;
  }

  addFlow(flow: PacketFlow): void {
    this.#flows.add(flow);
  }

  removeFlow(flow: PacketFlow, error: SluiceError | undefined): void {
    if (this.#flows.delete(flow)) this.#gone(flow, error);
  }

  endFlows(): void {
    const closing = new SluiceError('E_CLOSING', 'the instance is shutting down');
    for (const flow of [...this.#flows]) flow.finish('closing', closing);
  }

  /** Connections, requests on those that carry several, and flows. */
  *[Symbol.iterator](): Generator<ConnSession | PacketFlow> {
    yield* this.#sessions;
    yield* this.#flows;
  }

  /** Payload bytes of all sessions since the start. */
  traffic(): { uplink: number; downlink: number } {
    const sum = { ...this.#past };
    for (const { uplink, downlink } of this) {
      sum.uplink += uplink;
      sum.downlink += downlink;
    }
    return sum;
  }

  /** Calls once every session that is open now, of whatever kind, is over. */
  whenPresentAreOver(call: () => void): void {
    this.#waiting.push({ upTo: this.#nextId - 1, call });
    this.#callWaiting();
  }

  /** The same for all connections: each has it for its further requests. */
  readonly #forOrigins = {
    fork: (parent: ConnSession): ConnSession => {
      const session = new ConnSession(this.nextId(), parent.origin, true);
      session.user = parent.user;
      if (parent.ended) session.over();
      else this.#add(session);
      return session;
    },
    release: (session: ConnSession): void => void this.remove(session, undefined),
  };

  #add(session: ConnSession): ConnSession {
    this.#sessions.add(session);
    return session;
  }

  /** False if the session had ended before. */
  remove(session: ConnSession, error: SluiceError | undefined): boolean {
    if (!this.#sessions.delete(session)) return false;
    session.over();
    this.#gone(session, error);
    if (this.#sessions.size === 0) for (const tell of this.#onEmpty) tell();
    return true;
  }

  #gone(session: ConnSession | PacketFlow, error: SluiceError | undefined): void {
    this.#past.uplink += session.uplink;
    this.#past.downlink += session.downlink;
    if (this.ends.isHeard) this.ends.emit({ session, error });
    this.#callWaiting();
  }

  #callWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (oldest(this.#sessions) <= next.upTo || oldest(this.#flows) <= next.upTo || oldest(this.#own) <= next.upTo)
        return;
      this.#waiting.shift();
      next.call();
    }
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

/** The lowest id: sessions are added in their ids' order. */
function oldest(sessions: ReadonlySet<FlowSession>): number {
  for (const { id } of sessions) return id;
  return Infinity;
}
