import { Gauge } from 'prom-client';
import type { Collector } from './collector.js';

/** What an observatory has found, and among which outbounds balancers choose. */
export const collectOutbounds: Collector = ({ registry, service: { control, health }, labels }) => {
  const registers = [registry];
  const { outbound: outboundValues, balancer: balancerValues } = labels;
  new Gauge({
    name: 'sluice_outbound_up',
    help: 'Whether the last probe of the outbound succeeded. Only where an observatory probes it.',
    labelNames: ['outbound'],
    registers,
    collect() {
      this.reset();
      for (const [tag, { alive }] of health.all()) this.set({ outbound: outboundValues.admit(tag) }, alive ? 1 : 0);
    },
  });
  new Gauge({
    name: 'sluice_outbound_probe_duration_seconds',
    help: 'The round trip that probes of the outbound have found.',
    labelNames: ['outbound'],
    registers,
    collect() {
      this.reset();
      for (const [tag, { delay }] of health.all()) {
        if (delay !== undefined) this.set({ outbound: outboundValues.admit(tag) }, delay / 1000);
      }
    },
  });
  new Gauge({
    name: 'sluice_balancer_member',
    help: 'Outbounds that a balancer may choose: 1, or 2 for the one that it is pinned to by hand.',
    labelNames: ['balancer', 'outbound'],
    registers,
    collect() {
      this.reset();
      for (const { tag, members, override } of control.balancers()) {
        const balancer = balancerValues.admit(tag);
        for (const member of members) {
          this.set({ balancer, outbound: outboundValues.admit(member) }, member === override ? 2 : 1);
        }
      }
    },
  });
};
