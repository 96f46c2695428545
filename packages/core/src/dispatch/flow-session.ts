import {
  type SluiceError,
  TimerEntry,
  type Destination,
  type Endpoint,
  type Network,
  type Session,
  type SessionKey,
  type SessionObserver,
  type Sniffed,
  type User,
} from '@sluice/plugin-api';
import type { SessionCount } from './session-count.js';
import type { Sniffing } from '../sniffing/sniffing.js';

/** Which inbound a session came in by. */
export interface InboundIdentity {
  readonly tag: string;
  readonly protocol: string;
  readonly sniffing?: Sniffing | undefined;
  /** Of all that came in by it. */
  readonly count?: SessionCount | undefined;
}

/** What counts the sessions that it carries. */
export interface Carrier {
  readonly tag: string;
  load: number;
}

/** What is given up with the session. */
export interface Abandonable {
  destroy(error: SluiceError): void;
}

/** What all sessions have: identity, routing facts, and what must end when the session does. */
export abstract class FlowSession extends TimerEntry implements Session {
  readonly id: number;
  readonly inbound: InboundIdentity;
  readonly startedAt = Date.now();
  abstract readonly network: Network;
  user: User | undefined;
  attributes: Readonly<Record<string, string>> | undefined;
  target: Destination | undefined;
  outboundTag: string | undefined;
  balancerTag: string | undefined;
  sniffed: Sniffed | undefined;
  /** The index of the rule that chose the outbound; undefined for the default outbound. */
  ruleIndex: number | undefined;
  ended = false;
  /** The outbound that takes it, whatever the rules say. */
  readonly forcedOutbound: string | undefined = undefined;
  #carrier: Carrier | undefined;
  #isOver = false;
  #values: Map<symbol, unknown> | undefined;
  #abort: AbortController | undefined;
  #pending: Abandonable[] | undefined;
  #observers: SessionObserver[] | undefined;
  #abandoned: SluiceError | undefined;

  constructor(id: number, inbound: InboundIdentity) {
    super();
    this.id = id;
    this.inbound = inbound;
    inbound.count?.opened();
  }

  abstract get source(): Endpoint;
  abstract get local(): Endpoint;
  abstract established(): void;
  abstract fork(): Session;
  abstract comesFrom(source: Endpoint, local?: Endpoint): void;
  abstract end(error: SluiceError): void;

  get inboundTag(): string {
    return this.inbound.tag;
  }

  get inboundProtocol(): string {
    return this.inbound.protocol;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.ended || this.#abandoned !== undefined) this.#abort.abort(this.#abandoned);
    }
    return this.#abort.signal;
  }

  get<T>(key: SessionKey<T>): T | undefined {
    return this.#values?.get(key.id) as T | undefined;
  }

  set<T>(key: SessionKey<T>, value: T): void {
    (this.#values ??= new Map()).set(key.id, value);
  }

  onEnd(observer: SessionObserver): void {
    if (this.ended) observer.sessionEnded(this);
    else (this.#observers ??= []).push(observer);
  }

  /** The outbound that carries it from now on. */
  carriedBy(carrier: Carrier): void {
    if (this.#carrier !== undefined) this.#carrier.load -= 1;
    this.#carrier = this.ended ? undefined : carrier;
    if (!this.ended) carrier.load += 1;
    this.outboundTag = carrier.tag;
  }

  /** It is over: nothing will come of it any more. */
  over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.ended = true;
    this.inbound.count?.over();
    if (this.#carrier !== undefined) this.#carrier.load -= 1;
    this.#carrier = undefined;
    const observers = this.#observers;
    this.#observers = undefined;
    for (const observer of observers ?? []) observer.sessionEnded(this);
  }

  get isAbandoned(): boolean {
    return this.#abandoned !== undefined;
  }

  /** A conn that a dial gave and that has no relay yet. */
  holds(conn: Abandonable): void {
    this.track(conn);
  }

  /** A dial for this session. */
  track(pending: Abandonable): void {
    if (this.#abandoned !== undefined) pending.destroy(this.#abandoned);
    else (this.#pending ??= []).push(pending);
  }

  /** A new attempt to connect: what ended the one before does not end this one. */
  connecting(): void {
    if (this.ended) return;
    this.#abandoned = undefined;
    this.#abort = undefined;
  }

  /** What was dialled is somebody else's to end. */
  handedOver(): void {
    this.#pending = undefined;
  }

  /** Upstream is connected: nothing is pending any more, and what only served that is let go. */
  connected(): void {
    this.handedOver();
    this.#abort = undefined;
    this.#values = undefined;
  }

  /** Gives up whatever is being dialled. */
  abandon(error: SluiceError): void {
    this.#abandoned = error;
    this.#abort?.abort(error);
    for (const pending of this.#pending ?? []) pending.destroy(error);
    this.#pending = undefined;
  }
}
