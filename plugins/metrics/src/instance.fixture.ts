import {
  Counter,
  DataPlane,
  type BalancerView,
  type Control,
  type DialEvent,
  type Health,
  type InboundView,
  type OutboundHealth,
  type ServiceContext,
  type SessionView,
  type SluiceError,
} from '@sluice/plugin-api';
import { MemoryLogger, MemoryStats } from '@sluice/testing';
import type { MetricsSettings } from './schema.js';
import { Metrics } from './service.js';

type SessionEnd = (session: SessionView, error: SluiceError | undefined) => void;

/** A running instance as far as this service looks at it. */
export class FakeControl {
  readonly startedAt = 1_700_000_000_000;
  inboundList: InboundView[] = [];
  balancerList: BalancerView[] = [];
  readonly open: SessionView[] = [];
  readonly uplink = new Counter();
  readonly downlink = new Counter();
  readonly endListeners = new Set<SessionEnd>();
  readonly dialListeners = new Set<(event: DialEvent) => void>();

  inbounds = (): readonly InboundView[] => this.inboundList;
  balancers = (): readonly BalancerView[] => this.balancerList;
  sessions = (): Iterable<SessionView> => this.open;
  traffic = () => ({ uplink: this.uplink.value, downlink: this.downlink.value });

  onSessionEnd = (listener: SessionEnd): (() => void) => {
    this.endListeners.add(listener);
    return () => this.endListeners.delete(listener);
  };

  onDial = (listener: (event: DialEvent) => void): (() => void) => {
    this.dialListeners.add(listener);
    return () => this.dialListeners.delete(listener);
  };

  dialled(outboundTag: string, ms: number, error?: SluiceError): void {
    for (const listener of this.dialListeners) listener({ outboundTag, ms, error });
  }

  ended(session: Partial<SessionView>, error?: SluiceError): void {
    for (const listener of this.endListeners) listener(session as SessionView, error);
  }
}

export interface FakeInstance {
  readonly control: FakeControl;
  readonly stats: MemoryStats;
  readonly health: Map<string, OutboundHealth>;
  readonly plane: DataPlane;
  readonly logger: MemoryLogger;
  readonly service: Metrics;
  readonly url: string;
  /** The value of a series, written as in the text: `name{a="b"}`. */
  value(series: string): Promise<number | undefined>;
  text(): Promise<string>;
}

/** The service on a free port, over an instance that is none. */
export async function startMetrics(settings: MetricsSettings = { listen: '127.0.0.1:0' }): Promise<FakeInstance> {
  const control = new FakeControl();
  const stats = new MemoryStats();
  const health = new Map<string, OutboundHealth>();
  const plane = new DataPlane();
  const logger = new MemoryLogger();
  const context: Partial<ServiceContext<MetricsSettings>> = {
    key: 'metrics',
    settings,
    logger,
    control: control as unknown as Control,
    health: { all: () => health, of: (tag) => health.get(tag), report: () => undefined } satisfies Health,
    stats,
    plane,
  };
  const service = new Metrics(context as ServiceContext<MetricsSettings>, '1.2.3');
  await service.start();
  const url = service.announce()[0]?.replace('metrics: ', '') ?? '';
  const text = async (): Promise<string> => (await fetch(url)).text();
  return {
    control,
    stats,
    health,
    plane,
    logger,
    service,
    url,
    text,
    async value(series) {
      const line = (await text()).split('\n').find((found) => found.startsWith(`${series} `));
      return line === undefined ? undefined : Number(line.slice(series.length + 1));
    },
  };
}
