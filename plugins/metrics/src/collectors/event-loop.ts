import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { Counter, Gauge } from 'prom-client';
import type { Collector } from './collector.js';

const RESOLUTION_MS = 20;
const QUANTILES = [0.5, 0.9, 0.99];
const NS = 1e9;

/** How late the event loop is, and how busy. */
export const collectEventLoop: Collector = ({ registry }) => {
  const registers = [registry];
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  monitor.enable();
  new Gauge({
    name: 'sluice_event_loop_delay_seconds',
    help: 'How late the event loop was since the last time it was asked: quantiles, and the worst.',
    labelNames: ['stat'],
    registers,
    collect() {
      // The monitor measures from tick to tick; what is late is what exceeds its own interval.
      const late = (ns: number): number => Math.max(0, ns / NS - RESOLUTION_MS / 1000);
      const isEmpty = monitor.count === 0;
      for (const quantile of QUANTILES) {
        this.set({ stat: `p${quantile * 100}` }, isEmpty ? 0 : late(monitor.percentile(quantile * 100)));
      }
      this.set({ stat: 'max' }, isEmpty ? 0 : late(monitor.max));
      monitor.reset();
    },
  });
  new Counter({
    name: 'sluice_event_loop_active_seconds_total',
    help: 'Time in which the event loop had something to do.',
    registers,
    collect() {
      this.reset();
      this.inc(performance.eventLoopUtilization().active / 1000);
    },
  });
  new Counter({
    name: 'sluice_event_loop_idle_seconds_total',
    help: 'Time in which the event loop waited.',
    registers,
    collect() {
      this.reset();
      this.inc(performance.eventLoopUtilization().idle / 1000);
    },
  });
  return () => monitor.disable();
};
