import { AssetFolders, type InboundConfig, type OutboundConfig, type SluiceConfig } from '@sluice/config';
import {
  DataPlane,
  SystemResolver,
  tokens,
  type InboundContext,
  type InboundContribution,
  type OutboundContext,
} from '@sluice/plugin-api';
import { Container } from './container/container.js';
import { PacketFlows } from './dispatch/packet-flows.js';
import { SessionTable } from './dispatch/session-table.js';
import { TcpDispatcher } from './dispatch/tcp-dispatcher.js';
import { InboundWorker } from './inbound/inbound-worker.js';
import { AccessLog } from './log/access-log.js';
import { Logs, type LogTargets } from './log/logs.js';
import { HandlerDialer } from './outbound/handler-dialer.js';
import { OutboundHandler } from './outbound/outbound-handler.js';
import { OutboundTable } from './outbound/outbound-table.js';
import { PolicyTable } from './policy/policy-table.js';
import type { Contributions } from './registry/contributions.js';
import { compileRules } from './routing/compile.js';
import { Router } from './routing/router.js';
import { StatsTable } from './stats/stats-table.js';
import { TrafficCounters } from './stats/traffic-counters.js';

/** The parts of one instance, made and wired but not started. */
export interface Composition {
  readonly container: Container;
  readonly logs: Logs;
  readonly plane: DataPlane;
  readonly stats: StatsTable;
  readonly sessions: SessionTable;
  readonly outbounds: OutboundTable;
  readonly inbounds: readonly InboundWorker[];
  readonly flows: readonly PacketFlows[];
}

/** The composition root: every service of an instance is made here and nowhere else. */
export function compose(config: SluiceConfig, contributions: Contributions, targets?: LogTargets): Composition {
  const container = Container.root();
  const logs = new Logs(config.log, targets);
  const plane = new DataPlane();
  const stats = new StatsTable();
  const policy = new PolicyTable(config.policy);
  const resolver = new SystemResolver();
  const sessions = new SessionTable();
  const outbounds = new OutboundTable();
  const accessLog = new AccessLog(logs);
  const traffic = new TrafficCounters(stats, config.policy, config.stats);
  const router = new Router({
    rules: compileRules(
      config.routing.rules,
      (type) => contributions.ruleTypes.get(type),
      new AssetFolders(config.assetFolders),
    ),
    domainStrategy: config.routing.domainStrategy,
    resolver,
  });
  const services = { router, outbounds, policy, plane, sessions, traffic, accessLog };
  container
    .value(tokens.plane, plane)
    .value(tokens.stats, stats)
    .value(tokens.policy, policy)
    .value(tokens.resolver, resolver)
    .singleton(tokens.dispatcher, () => new TcpDispatcher(services));

  for (const entry of config.outbounds) outbounds.add(makeOutbound(entry));
  const flows: PacketFlows[] = [];
  const inbounds = config.inbounds.map(makeInbound);
  return { container, logs, plane, stats, sessions, outbounds, inbounds, flows };

  function handlerContainer(entry: InboundConfig | OutboundConfig): Container {
    return container
      .child()
      .value(tokens.tag, entry.tag)
      .value(tokens.settings, entry.settings)
      .value(tokens.logger, logs.logger(entry.tag));
  }

  function makeOutbound(entry: OutboundConfig): OutboundHandler {
    const counters = entry.tagged ? traffic.outbound(entry.tag) : { uplink: undefined, downlink: undefined };
    const dialer = new HandlerDialer(entry, { outbounds, plane, resolver }, counters);
    const own = handlerContainer(entry).value(tokens.dialer, dialer);
    const context: OutboundContext = {
      tag: entry.tag,
      settings: entry.settings as object,
      logger: own.get(tokens.logger),
      dialer,
      resolver,
      policy,
      stats,
      plane,
      get: (token) => own.get(token),
    };
    return new OutboundHandler(entry.tag, entry.protocol, contributions.outbounds.get(entry.protocol).create(context));
  }

  function makeInbound(entry: InboundConfig): InboundWorker {
    const contribution: InboundContribution = contributions.inbounds.get(entry.protocol);
    const packets = new PacketFlows(services, { tag: entry.tag, protocol: entry.protocol });
    flows.push(packets);
    const own = handlerContainer(entry).value(tokens.packets, packets);
    const logger = own.get(tokens.logger);
    const context: InboundContext = {
      tag: entry.tag,
      settings: entry.settings as object,
      logger,
      dispatcher: own.get(tokens.dispatcher),
      packets,
      policy,
      stats,
      plane,
      get: (token) => own.get(token),
    };
    const counters = entry.tagged ? traffic.inbound(entry.tag) : { uplink: undefined, downlink: undefined };
    const inbound = contribution.create(context);
    const networks = contribution.networks(entry.settings);
    return new InboundWorker(entry, inbound, networks, {
      plane,
      policy,
      sessions,
      accessLog,
      logger,
      traffic: counters,
    });
  }
}
