import { Counter, Histogram } from 'prom-client';
import type { Collector } from './collector.js';

/** How long outbounds take to connect, and why they do not. */
export const collectDials: Collector = ({ registry, service: { control }, labels }) => {
  const registers = [registry];
  const duration = new Histogram({
    name: 'sluice_dial_duration_seconds',
    help: "Time that an outbound took to connect, its protocol's handshake included.",
    labelNames: ['outbound'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const failures = new Counter({
    name: 'sluice_dial_failures_total',
    help: 'Connections that an outbound could not make, by error code.',
    labelNames: ['outbound', 'reason'],
    registers,
  });
  return control.onDial(({ outboundTag, ms, error }) => {
    const outbound = labels.outbound.admit(outboundTag);
    if (error === undefined) duration.observe({ outbound }, ms / 1000);
    else failures.inc({ outbound, reason: labels.reason.admit(error.code) });
  });
};
