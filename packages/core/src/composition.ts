import type { SluiceConfig } from '@sluice/config';
import { DataPlane, tokens, type Control, type DialEvent } from '@sluice/plugin-api';
import { Balancers } from './balancing/balancers.js';
import { HealthTable } from './balancing/health-table.js';
import { Container } from './container/container.js';
import { Feed } from './control/feed.js';
import { dnsServerKinds } from './dns/dns-server-kinds.js';
import { fakePools } from './dns/fake/fake-pools-token.js';
import { FakePools } from './dns/fake/fake-pools.js';
import { RouteChooser } from './dispatch/route-chooser.js';
import { SessionTable } from './dispatch/session-table.js';
import { TcpDispatcher } from './dispatch/tcp-dispatcher.js';
import { HandlerFactory } from './handlers/handler-factory.js';
import { AccessLog } from './log/access-log.js';
import { Logs } from './log/logs.js';
import type { LogTargets } from './log/log-sink.js';
import { OutboundTable } from './outbound/outbound-table.js';
import { PolicyTable } from './policy/policy-table.js';
import type { Contributions } from './registry/contributions.js';
import { Router } from './routing/router.js';
import { CurrentDns } from './services/current-dns.js';
import { StatsTable } from './stats/stats-table.js';
import { TrafficCounters } from './stats/traffic-counters.js';

/** What lives as long as an instance, whatever its configuration becomes. */
export interface Composition {
  readonly container: Container;
  readonly contributions: Contributions;
  readonly logs: Logs;
  readonly plane: DataPlane;
  readonly stats: StatsTable;
  readonly policy: PolicyTable;
  readonly traffic: TrafficCounters;
  readonly sessions: SessionTable;
  readonly outbounds: OutboundTable;
  readonly router: Router;
  readonly balancers: Balancers;
  readonly routes: RouteChooser;
  readonly dials: Feed<DialEvent>;
  readonly handlers: HandlerFactory;
}

/**
 * The composition root: every service of an instance is made here and nowhere else.
 * @param control the instance as handlers see it; asked for when the first one wants it
 */
export function compose(
  config: SluiceConfig,
  contributions: Contributions,
  control: () => Control,
  targets?: LogTargets,
): Composition {
  const container = Container.root();
  const logs = new Logs(config.log, targets);
  const logger = (scope: string) => logs.logger(scope);
  const plane = new DataPlane();
  const stats = new StatsTable();
  const policy = new PolicyTable(config.policy);
  const fakes = new FakePools();
  const dns = new CurrentDns(fakes);
  const sessions = new SessionTable();
  const outbounds = new OutboundTable();
  const health = new HealthTable();
  const accessLog = new AccessLog(logs);
  const traffic = new TrafficCounters(stats, config.policy, config.stats);
  const balancers = new Balancers({
    health,
    load: (tag) => outbounds.find(tag)?.load ?? 0,
    logger,
    strategies: (name) => contributions.balancerStrategies.get(name),
  });
  const router = new Router({ rules: [], domainStrategy: 'AsIs', resolver: dns });
  const routes = new RouteChooser(router, outbounds, balancers);
  const dials = new Feed<DialEvent>();
  const dispatch = { routes, policy, plane, sessions, traffic, accessLog, dials, logger };
  container
    .value(tokens.plane, plane)
    .value(tokens.stats, stats)
    .value(tokens.policy, policy)
    .value(tokens.resolver, dns)
    .value(tokens.dns, dns)
    .value(fakePools, fakes)
    .value(dnsServerKinds, (scheme) => contributions.dnsServers.get(scheme))
    .value(tokens.health, health)
    .value(tokens.logs, logs)
    .singleton(tokens.control, control)
    .singleton(tokens.dispatcher, () => new TcpDispatcher(dispatch));
  const handlers = new HandlerFactory({ ...dispatch, container, contributions, outbounds, dns });
  return {
    container,
    contributions,
    logs,
    plane,
    stats,
    policy,
    traffic,
    sessions,
    outbounds,
    router,
    balancers,
    routes,
    dials,
    handlers,
  };
}
