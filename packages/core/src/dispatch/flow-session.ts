import {
  type SluiceError,
  TimerEntry,
  type Conn,
  type Destination,
  type Endpoint,
  type Network,
  type Session,
  type SessionKey,
  type User,
} from '@sluice/plugin-api';

/** Which inbound a session came in by. */
export interface InboundIdentity {
  readonly tag: string;
  readonly protocol: string;
}

/** What all sessions have: identity, routing facts, and what must end when the session does. */
export abstract class FlowSession extends TimerEntry implements Session {
  readonly id: number;
  readonly inbound: InboundIdentity;
  readonly source: Endpoint;
  readonly startedAt = Date.now();
  abstract readonly network: Network;
  user: User | undefined;
  attributes: Readonly<Record<string, string>> | undefined;
  target: Destination | undefined;
  outboundTag: string | undefined;
  /** The index of the rule that chose the outbound; undefined for the default outbound. */
  ruleIndex: number | undefined;
  ended = false;
  #values: Map<symbol, unknown> | undefined;
  #abort: AbortController | undefined;
  #dialled: Conn[] | undefined;

  constructor(id: number, inbound: InboundIdentity, source: Endpoint) {
    super();
    this.id = id;
    this.inbound = inbound;
    this.source = source;
  }

  abstract get local(): Endpoint;
  abstract established(): void;
  abstract fork(): Session;

  get inboundTag(): string {
    return this.inbound.tag;
  }

  get inboundProtocol(): string {
    return this.inbound.protocol;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.ended) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  get<T>(key: SessionKey<T>): T | undefined {
    return this.#values?.get(key.id) as T | undefined;
  }

  set<T>(key: SessionKey<T>, value: T): void {
    (this.#values ??= new Map()).set(key.id, value);
  }

  /** A conn that was dialled for this session and has no relay yet. */
  track(conn: Conn): void {
    (this.#dialled ??= []).push(conn);
  }

  /** Upstream is connected: nothing is pending any more, and what only served that is let go. */
  connected(): void {
    this.#dialled = undefined;
    this.#abort = undefined;
    this.#values = undefined;
  }

  /** Gives up whatever is being dialled. */
  abandon(error: SluiceError): void {
    this.#abort?.abort(error);
    for (const conn of this.#dialled ?? []) conn.destroy(error);
    this.#dialled = undefined;
  }
}
