import {
  DataPlane,
  type Link,
  SluiceError,
  SystemResolver,
  type Destination,
  type Dialer,
  type Injector,
  type LevelPolicy,
  type Outbound,
  type OutboundContribution,
  type PacketConn,
} from '@sluice/plugin-api';
import { DirectDialer, emptyInjector, FixedPolicy, MemoryLogger, MemoryStats, StubSession } from './services.js';

export interface OutboundHost {
  readonly outbound: Outbound;
  readonly plane: DataPlane;
  readonly logger: MemoryLogger;
  connect(to: Destination, session?: StubSession): Promise<Link>;
  openPackets(to: Destination, session?: StubSession): Promise<PacketConn>;
  close(): Promise<void>;
}

/** Runs one outbound with the least that stands for a runtime. */
export async function hostOutbound(
  contribution: OutboundContribution,
  settings: object,
  options: {
    readonly policy?: Partial<LevelPolicy>;
    readonly dialer?: Dialer;
    /** Default: one of its own. */
    readonly plane?: DataPlane;
    /** What the outbound asks its context for by tokens. Default: nothing. */
    readonly services?: Injector;
  } = {},
): Promise<OutboundHost> {
  const plane = options.plane ?? new DataPlane();
  const logger = new MemoryLogger();
  const outbound = contribution.create({
    get: (token) => (options.services ?? emptyInjector).get(token),
    tag: 'test-out',
    settings,
    logger,
    plane,
    dialer: options.dialer ?? new DirectDialer(plane),
    resolver: new SystemResolver(),
    policy: new FixedPolicy(options.policy),
    stats: new MemoryStats(),
  });
  await outbound.start?.();
  return {
    outbound,
    plane,
    logger,
    connect: (to, session = new StubSession()) => outbound.connect(session, to),
    openPackets: (to, session = new StubSession('udp')) => {
      if (outbound.openPackets === undefined) {
        return Promise.reject(new SluiceError('E_UNSUPPORTED', 'the outbound carries no UDP'));
      }
      return outbound.openPackets(session, to);
    },
    close: async () => {
      await outbound.close?.();
    },
  };
}
