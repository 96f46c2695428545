import { once } from 'node:events';
import net from 'node:net';
import {
  DataPlane,
  LinkDuplex,
  SystemResolver,
  type Control,
  type Health,
  type InboundView,
  type LogFeed,
  type OutboundHealth,
  type OutboundView,
  type RouteEvent,
  type Service,
  type ServiceContext,
} from '@sluice/plugin-api';
import { emptyInjector, FixedPolicy, MemoryLogger, MemoryStats, StubSession } from '@sluice/testing';
import { apiService } from './index.js';
import { GrpcClient } from './grpc-client.fixture.js';
import { serviceNames, type ApiSettings } from './schema.js';

/** What was asked of it, and answers that a test sets. Everything else is as in an empty instance. */
export class FakeControl implements Partial<Control> {
  readonly startedAt = Date.now() - 5000;
  readonly calls: (readonly [method: string, ...args: unknown[]])[] = [];
  readonly routeListeners = new Set<(event: RouteEvent) => void>();
  /** Thrown by the next change. */
  refuses: Error | undefined;
  inboundViews: InboundView[] = [];
  outboundViews: OutboundView[] = [];

  inbounds = (): readonly InboundView[] => this.inboundViews;
  outbounds = (): readonly OutboundView[] => this.outboundViews;
  balancers = (): ReturnType<Control['balancers']> => [
    { tag: 'b', strategy: 'random', members: ['one', 'two'], fallbackTag: undefined, override: 'two' },
  ];
  addInbound = (entry: object): Promise<void> => this.#change('addInbound', entry);
  removeInbound = (tag: string): Promise<void> => this.#change('removeInbound', tag);
  addOutbound = (entry: object): Promise<void> => this.#change('addOutbound', entry);
  removeOutbound = (tag: string): Promise<void> => this.#change('removeOutbound', tag);
  addUser = (tag: string, user: object): void => this.#note('addUser', tag, user);
  removeUser = (tag: string, email: string): number => {
    this.#note('removeUser', tag, email);
    return 3;
  };
  overrideBalancer = (tag: string, outbound: string | undefined): void => this.#note('overrideBalancer', tag, outbound);
  route: Control['route'] = (question) => {
    this.#note('route', question);
    return Promise.resolve({ outboundTag: 'direct', balancerTag: 'b', ruleIndex: 0 });
  };
  onRoute = (listener: (event: RouteEvent) => void): (() => void) => {
    this.routeListeners.add(listener);
    return () => void this.routeListeners.delete(listener);
  };

  #note(...call: readonly [method: string, ...args: unknown[]]): void {
    if (this.refuses !== undefined) throw this.refuses;
    this.calls.push(call);
  }

  async #change(method: string, what: unknown): Promise<void> {
    await Promise.resolve();
    this.#note(method, what);
  }
}

export interface ApiHost {
  readonly port: number;
  readonly service: Service;
  readonly control: FakeControl;
  readonly stats: MemoryStats;
  readonly logger: MemoryLogger;
  readonly health: Map<string, OutboundHealth>;
  readonly plane: DataPlane;
  reopened(): number;
  close(): Promise<void>;
}

/** Runs the API on fakes, with all services; clients come in by its tag, as if a rule led them there. */
export async function hostApi(settings: Partial<ApiSettings> = {}): Promise<ApiHost> {
  const control = new FakeControl();
  const stats = new MemoryStats();
  const logger = new MemoryLogger();
  const plane = new DataPlane();
  const health = new Map<string, OutboundHealth>();
  let reopened = 0;
  const context = {
    ...emptyInjector,
    key: 'api',
    settings: { tag: 'api', services: [...serviceNames], ...settings },
    logger,
    control: control as unknown as Control,
    health: { of: (tag) => health.get(tag), all: () => health, report: () => undefined } satisfies Health,
    logs: {
      subscribe: () => () => undefined,
      reopen: () => {
        reopened += 1;
        return Promise.resolve();
      },
    } satisfies LogFeed,
    policy: new FixedPolicy(),
    resolver: new SystemResolver(),
    stats,
    plane,
  } satisfies Partial<ServiceContext>;
  const service = apiService.create(context as unknown as ServiceContext);
  await service.start?.();
  const front = await frontOf(service);
  return {
    port: front.port,
    service,
    control,
    stats,
    logger,
    health,
    plane,
    reopened: () => reopened,
    close: async () => {
      await service.close?.();
      await front.close();
    },
  };
}

/** A port whose connections are led to the service's tag. */
async function frontOf(service: Service): Promise<{ readonly port: number; close(): Promise<void> }> {
  const [outbound] = Object.values(service.outbounds ?? {});
  const sockets = new Set<net.Socket>();
  const front = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    if (outbound === undefined) {
      socket.destroy();
      return;
    }
    outbound.connect(new StubSession(), { network: 'tcp', type: 'ipv4', host: '127.0.0.1', port: 1 }).then(
      (link) => {
        const stream = new LinkDuplex(link);
        stream.on('error', () => socket.destroy()).on('close', () => socket.destroy());
        socket.on('close', () => stream.destroy());
        socket.pipe(stream).pipe(socket);
      },
      () => socket.destroy(),
    );
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  return {
    port: (front.address() as net.AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      front.close();
      await once(front, 'close');
    },
  };
}

const open: { close(): unknown }[] = [];

/** A host and a client of it, until `closeApis`. */
export async function startApi(
  settings: Partial<ApiSettings> = {},
): Promise<{ readonly host: ApiHost; readonly client: GrpcClient }> {
  const host = await hostApi(settings);
  open.push(host);
  return { host, client: clientOf(host.port) };
}

/** A further client, until `closeApis`. */
export function clientOf(port: number): GrpcClient {
  const client = new GrpcClient(port);
  open.push(client);
  return client;
}

export async function closeApis(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one.close();
}
