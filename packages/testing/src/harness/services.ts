import {
  SystemResolver,
  type Dialer,
  type Injector,
  type LevelPolicy,
  type Logger,
  type Policy,
  type OwnSession,
  type Session,
  type SessionKey,
  type SessionObserver,
  type Sniffed,
  type Stats,
  Counter,
  type DataPlane,
  dial,
  dialAny,
  type DialObserver,
  type DialOptions,
  Link,
  UdpConn,
  SluiceError,
  type Destination,
  type Endpoint,
  type Network,
  type User,
} from '@sluice/plugin-api';

/** A log that keeps its lines. */
export class MemoryLogger implements Logger {
  readonly lines: string[] = [];
  readonly debugEnabled = true;

  debug(message: string, fields?: object): void {
    this.#keep('debug', message, fields);
  }

  info(message: string, fields?: object): void {
    this.#keep('info', message, fields);
  }

  warn(message: string, fields?: object): void {
    this.#keep('warn', message, fields);
  }

  error(message: string, fields?: object): void {
    this.#keep('error', message, fields);
  }

  #keep(level: string, message: string, fields?: object): void {
    this.lines.push(`${level} ${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}`);
  }
}

/** Counters in a map. */
export class MemoryStats implements Stats {
  readonly #counters = new Map<string, Counter>();

  counter(name: string): Counter {
    const known = this.#counters.get(name);
    if (known !== undefined) return known;
    const made = new Counter();
    this.#counters.set(name, made);
    return made;
  }

  find(name: string): Counter | undefined {
    return this.#counters.get(name);
  }

  query(pattern: string): ReadonlyMap<string, number> {
    const found = [...this.#counters].filter(([name]) => name.includes(pattern));
    return new Map(found.map(([name, counter]) => [name, counter.value]));
  }

  reset(name: string): number | undefined {
    const counter = this.#counters.get(name);
    if (counter === undefined) return undefined;
    const { value } = counter;
    counter.value = 0;
    return value;
  }
}

/** The same policy at every level; short times, so that tests of them are short. */
export class FixedPolicy implements Policy {
  constructor(readonly values: Partial<LevelPolicy> = {}) {}

  level(): LevelPolicy {
    return {
      handshake: 5000,
      connIdle: 30_000,
      uplinkOnly: 2000,
      downlinkOnly: 2000,
      statsUserUplink: false,
      statsUserDownlink: false,
      ...this.values,
    };
  }
}

/** Apart from the ids that hosts count up. */
let nextForkId = 1_000_001;

/** A session as a dispatcher would make it. */
export class StubSession implements OwnSession {
  readonly id: number;
  readonly inboundTag = 'test-in';
  readonly inboundProtocol: string;
  readonly #values = new Map<symbol, unknown>();
  readonly #abort = new AbortController();
  user: User | undefined;
  attributes: Readonly<Record<string, string>> | undefined;
  target: Destination | undefined;
  outboundTag: string | undefined;
  sniffed: Sniffed | undefined;
  /** Whether the handler has said that the handshake is over. */
  isEstablished = false;
  /** Set by a host that limits the handshake's time. */
  onEstablished: (() => void) | undefined;
  /** Set by a host that can end the connection. */
  onEndAsked: ((error: SluiceError) => void) | undefined;
  /** The link that stands upon the connection's, where an inbound has layers: what ends with the session. */
  top: Link | undefined;
  /** Why the handler wanted the session ended. */
  endAsked: SluiceError | undefined;
  readonly #observers: SessionObserver[] = [];
  #isOver = false;
  source: Endpoint;
  local: Endpoint;

  constructor(
    readonly network: Network = 'tcp',
    source: Endpoint = { address: '127.0.0.1', port: 50000 },
    local: Endpoint = { address: '127.0.0.1', port: 1080 },
    options: { id?: number; protocol?: string } = {},
  ) {
    this.source = source;
    this.local = local;
    this.id = options.id ?? 1;
    this.inboundProtocol = options.protocol ?? 'test';
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  abort(): void {
    this.#abort.abort();
  }

  established(): void {
    this.isEstablished = true;
    this.onEstablished?.();
  }

  fork(): StubSession {
    const forked = new StubSession(this.network, this.source, this.local, {
      id: nextForkId,
      protocol: this.inboundProtocol,
    });
    nextForkId += 1;
    forked.user = this.user;
    // Until a relay has taken it over, a fork ends alone.
    forked.onEndAsked = () => forked.over();
    return forked;
  }

  comesFrom(source: Endpoint, local: Endpoint = this.local): void {
    this.source = source;
    this.local = local;
  }

  end(error: SluiceError): void {
    this.endAsked ??= error;
    this.#abort.abort(error);
    this.onEndAsked?.(error);
  }

  onEnd(observer: SessionObserver): void {
    if (this.#isOver) observer.sessionEnded(this);
    else this.#observers.push(observer);
  }

  /** Tells the observers, as the runtime does when nothing of a session is left. */
  over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const observer of this.#observers.splice(0)) observer.sessionEnded(this);
  }

  close(): void {
    this.abort();
    this.over();
  }

  get<T>(key: SessionKey<T>): T | undefined {
    return this.#values.get(key.id) as T | undefined;
  }

  set<T>(key: SessionKey<T>, value: T): void {
    this.#values.set(key.id, value);
  }
}

/** Dials straight to the destination. */
export class DirectDialer implements Dialer {
  readonly #plane: DataPlane;
  readonly #resolver = new SystemResolver();

  constructor(plane: DataPlane) {
    this.#plane = plane;
  }

  async dial(session: Session, to: Destination): Promise<Link> {
    return new Link(await dial(this.#plane, to, this.#options(session)));
  }

  async dialAny(
    session: Session,
    candidates: readonly [Destination, ...Destination[]],
    observer?: DialObserver<Destination>,
  ): Promise<Link> {
    return new Link(await dialAny(this.#plane, candidates, this.#options(session), observer));
  }

  #options(session: Session): DialOptions {
    return { resolver: this.#resolver, timeoutMs: 5000, signal: session.signal };
  }

  openPackets(): Promise<UdpConn> {
    return Promise.resolve(new UdpConn({ resolver: this.#resolver }));
  }
}

/** For contexts in tests: what they need stands on the context itself. */
export const emptyInjector: Injector = {
  get() {
    throw new SluiceError('E_REGISTRY_UNKNOWN', 'the test context provides no further services');
  },
};
