import { type Buffer } from 'node:buffer';
import {
  Counter,
  DataPlane,
  destination,
  dial,
  Link,
  SluiceError,
  SystemResolver,
  type BalancerView,
  type Control,
  type Destination,
  type Dispatcher,
  type Dns,
  type Health,
  type InboundView,
  type LogEvent,
  type LogFeed,
  type LogSeverity,
  type OutboundHealth,
  type OutboundView,
  type OwnIdentity,
  type ReloadReport,
  type RouteEvent,
  type RuleView,
  type ServiceContext,
  type SessionView,
} from '@sluice/plugin-api';
import { FixedPolicy, MemoryLogger, MemoryStats, StubSession } from '@sluice/testing';
import type { ClashApiSettings } from './schema.js';
import { ClashApi } from './service.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export const outbound = (tag: string, protocol: string, more: Partial<OutboundView> = {}): OutboundView => ({
  tag,
  protocol,
  via: undefined,
  carriesPackets: true,
  ...more,
});

export const balancer = (tag: string, strategy: string, members: readonly string[]): Writable<BalancerView> => ({
  tag,
  strategy,
  members,
  fallbackTag: undefined,
  override: undefined,
});

/** A running instance as far as this service looks at it; tests set what they need. */
export class FakeControl {
  readonly startedAt = Date.now();
  inboundList: InboundView[] = [];
  outboundList: OutboundView[] = [outbound('direct', 'freedom'), outbound('blocked', 'blackhole')];
  balancerList: Writable<BalancerView>[] = [];
  ruleList: RuleView[] = [];
  readonly open = new Map<number, SessionView>();
  readonly ended: { id: number; error: SluiceError }[] = [];
  readonly uplink = new Counter();
  readonly downlink = new Counter();
  reloads = 0;
  reloadError: SluiceError | undefined;

  inbounds = (): readonly InboundView[] => this.inboundList;
  outbounds = (): readonly OutboundView[] => this.outboundList;
  balancers = (): readonly BalancerView[] => this.balancerList;
  rules = (): readonly RuleView[] => this.ruleList;
  sessions = (): Iterable<SessionView> => this.open.values();
  session = (id: number): SessionView | undefined => this.open.get(id);
  traffic = (): { uplink: number; downlink: number } => ({
    uplink: this.uplink.value,
    downlink: this.downlink.value,
  });

  readonly routeListeners = new Set<(event: RouteEvent) => void>();

  onRoute = (listener: (event: RouteEvent) => void): (() => void) => {
    this.routeListeners.add(listener);
    return () => this.routeListeners.delete(listener);
  };

  overrideBalancer = (tag: string, outboundTag: string | undefined): void => {
    const found = this.balancerList.find((known) => known.tag === tag);
    if (found === undefined) throw new SluiceError('E_NOT_FOUND', `there is no balancer "${tag}"`);
    found.override = outboundTag;
  };

  reload = (): Promise<ReloadReport> => {
    this.reloads += 1;
    if (this.reloadError !== undefined) return Promise.reject(this.reloadError);
    return Promise.resolve({ added: [], removed: [], replaced: ['socks-in'], kept: 3, ended: 0 });
  };

  /** An open connection. */
  connect(id: number, more: Partial<SessionView> = {}): SessionView {
    const session: SessionView = {
      id,
      network: 'tcp',
      inboundTag: 'socks-in',
      inboundProtocol: 'socks',
      source: { address: '127.0.0.1', port: 50_000 + id },
      local: { address: '127.0.0.1', port: 1080 },
      user: undefined,
      target: destination('tcp', 'example.org', 443),
      sniffed: undefined,
      outboundTag: 'direct',
      balancerTag: undefined,
      ruleIndex: undefined,
      startedAt: Date.parse('2026-01-02T03:04:05.678Z'),
      uplink: 10,
      downlink: 20,
      end: (error) => {
        this.open.delete(id);
        this.ended.push({ id, error });
      },
      ...more,
    };
    this.open.set(id, session);
    return session;
  }
}

export class FakeHealth implements Health {
  readonly #known = new Map<string, OutboundHealth>();
  of = (tag: string): OutboundHealth | undefined => this.#known.get(tag);
  all = (): ReadonlyMap<string, OutboundHealth> => this.#known;

  report(tag: string, health: OutboundHealth | undefined): void {
    if (health === undefined) this.#known.delete(tag);
    else this.#known.set(tag, health);
  }

  found(tag: string, delay: number | undefined, at: number): void {
    const samples = { samples: 1, failures: delay === undefined ? 1 : 0, lastTryAt: at, lastSeenAt: at };
    this.report(tag, { alive: delay !== undefined, delay, ...samples });
  }
}

const SEVERITIES: readonly LogSeverity[] = ['debug', 'info', 'warning', 'error'];

export class FakeLogs implements LogFeed {
  readonly listeners = new Map<(event: LogEvent) => void, LogSeverity>();

  subscribe(severity: LogSeverity, listener: (event: LogEvent) => void): () => void {
    this.listeners.set(listener, severity);
    return () => this.listeners.delete(listener);
  }

  reopen = (): Promise<void> => Promise.resolve();

  write(severity: LogSeverity, text: string): void {
    for (const [listener, least] of this.listeners) {
      if (SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least)) listener({ severity, text });
    }
  }
}

/** Dials straight to the target, whatever the outbound; "blocked" refuses, "slow" never answers. */
export class FakeDispatcher {
  readonly plane = new DataPlane();
  readonly asked: { readonly as: OwnIdentity; readonly to: Destination }[] = [];
  readonly sessions: StubSession[] = [];
  readonly #identities = new Map<unknown, OwnIdentity>();

  originate = (as: OwnIdentity): StubSession => {
    const session = new StubSession();
    this.#identities.set(session, as);
    this.sessions.push(session);
    return session;
  };

  connect = async (session: StubSession, to: Destination): Promise<Link> => {
    const as = this.#identities.get(session)!;
    this.asked.push({ as, to });
    if (as.outboundTag === 'blocked') throw new SluiceError('E_BLOCKED', 'blocked');
    if (as.outboundTag === 'slow') {
      await new Promise((_, reject) => {
        session.signal.addEventListener('abort', () => reject(new SluiceError('E_CLOSING', 'given up')));
      });
    }
    return new Link(
      await dial(this.plane, to, { resolver: new SystemResolver(), timeoutMs: 5000, signal: session.signal }),
    );
  };
}

export interface FakeInstance {
  readonly control: FakeControl;
  readonly health: FakeHealth;
  readonly logs: FakeLogs;
  readonly dispatcher: FakeDispatcher;
  readonly logger: MemoryLogger;
  /** What the DNS is asked, and what it answers. */
  readonly dns: { readonly asked: Buffer[]; readonly flushed: string[]; answer: (query: Buffer) => Promise<Buffer> };
  readonly service: ClashApi;
  /** Without a slash at its end. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** The service on a free port, over an instance that is none. */
export async function startClashApi(
  settings: Partial<ClashApiSettings> = {},
  prepare: (control: FakeControl) => void = () => undefined,
): Promise<FakeInstance> {
  const control = new FakeControl();
  prepare(control);
  const health = new FakeHealth();
  const logs = new FakeLogs();
  const dispatcher = new FakeDispatcher();
  const logger = new MemoryLogger();
  const dns: FakeInstance['dns'] = { asked: [], flushed: [], answer: (query) => Promise.resolve(query) };
  const context: Partial<ServiceContext<ClashApiSettings>> = {
    key: 'clashApi',
    settings: { 'external-controller': '127.0.0.1:0', ...settings },
    logger,
    control: control as unknown as Control,
    health,
    logs,
    dispatcher: dispatcher as unknown as Dispatcher,
    dns: {
      answer: (query: Buffer) => {
        dns.asked.push(query);
        return dns.answer(query);
      },
      flush: (what) => void dns.flushed.push(what),
    } as Dns,
    policy: new FixedPolicy(),
    stats: new MemoryStats(),
    plane: dispatcher.plane,
  };
  const service = new ClashApi(context as ServiceContext<ClashApiSettings>, '1.2.3');
  await service.start();
  const url = /http:\S+?:\d+/.exec(service.announce()[0] ?? '')?.[0] ?? '';
  return {
    control,
    health,
    logs,
    dispatcher,
    logger,
    dns,
    service,
    url,
    port: Number(new URL(url).port),
    close: () => service.close(),
  };
}
