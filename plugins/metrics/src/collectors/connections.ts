import { Counter, Gauge } from 'prom-client';
import type { Collector } from './collector.js';
import { Sums } from './sums.js';

/** Clients' connections and UDP flows: open ones, all, and how they ended. */
export const collectConnections: Collector = ({ registry, service: { control }, labels }) => {
  const registers = [registry];
  const ended = new Counter({
    name: 'sluice_connections_ended_total',
    help: 'Connections and UDP flows that are over, by reason: "done", or an error code.',
    labelNames: ['inbound', 'network', 'reason'],
    registers,
  });
  const failed = new Counter({
    name: 'sluice_handshake_failures_total',
    help: 'Connections that ended before their handshake had told where they wanted to go, by error code.',
    labelNames: ['inbound', 'reason'],
    registers,
  });
  const over = new Map<string, Map<string, number>>();
  const open = (): Sums<'inbound' | 'network'> => {
    const sums = new Sums<'inbound' | 'network'>();
    for (const { tag, listening } of control.inbounds()) {
      // Also an inbound that nobody uses has a number.
      for (const { network } of listening) sums.add({ inbound: labels.inbound.admit(tag), network }, 0);
    }
    for (const { inboundTag, network } of control.sessions()) {
      sums.add({ inbound: labels.inbound.admit(inboundTag), network }, 1);
    }
    return sums;
  };
  new Gauge({
    name: 'sluice_connections_open',
    help: 'Connections and UDP flows that are open now.',
    labelNames: ['inbound', 'network'],
    registers,
    collect() {
      this.reset();
      for (const { labels: values, value } of open()) this.set(values, value);
    },
  });
  new Counter({
    name: 'sluice_connections_total',
    help: 'Connections and UDP flows since the start: those that are over and those that are open.',
    labelNames: ['inbound', 'network'],
    registers,
    collect() {
      this.reset();
      for (const { labels: values, value } of open()) this.inc(values, value);
      for (const [inbound, networks] of over) {
        for (const [network, count] of networks) this.inc({ inbound, network }, count);
      }
    },
  });
  return control.onSessionEnd((session, error) => {
    const inbound = labels.inbound.admit(session.inboundTag);
    const { network } = session;
    const reason = labels.reason.admit(error?.code ?? 'done');
    ended.inc({ inbound, network, reason });
    if (error !== undefined && session.target === undefined) failed.inc({ inbound, reason });
    let networks = over.get(inbound);
    if (networks === undefined) over.set(inbound, (networks = new Map<string, number>()));
    networks.set(network, (networks.get(network) ?? 0) + 1);
  });
};
