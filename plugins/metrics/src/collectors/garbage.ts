import { constants, PerformanceObserver, type NodeGCPerformanceDetail } from 'node:perf_hooks';
import { Histogram } from 'prom-client';
import type { Collector } from './collector.js';

const KINDS: ReadonlyMap<number | undefined, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** What the garbage collector takes. */
export const collectGarbage: Collector = ({ registry }) => {
  const duration = new Histogram({
    name: 'nodejs_gc_duration_seconds',
    help: 'Time that garbage collections took, by kind.',
    labelNames: ['kind'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
    registers: [registry],
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      // Node's types leave the detail out of the base class.
      const { detail } = entry as { detail?: NodeGCPerformanceDetail };
      const kind = detail?.kind;
      duration.observe({ kind: KINDS.get(kind) ?? 'other' }, entry.duration / 1000);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
};
