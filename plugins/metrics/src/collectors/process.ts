import { readdir, readFile } from 'node:fs/promises';
import process from 'node:process';
import { Counter, Gauge } from 'prom-client';
import type { Collector } from './collector.js';

/** The process: versions, time, memory, files; under Prometheus's own names where it has them. */
export const collectProcess: Collector = ({ registry, service: { control }, version }) => {
  const registers = [registry];
  new Gauge({
    name: 'sluice_build_info',
    help: 'Always 1; the versions are in the labels.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.version }, 1);
  new Gauge({
    name: 'sluice_start_time_seconds',
    help: 'When the instance was started, since the epoch.',
    registers,
  }).set(control.startedAt / 1000);
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the process was started, since the epoch.',
    registers,
  }).set(performance.timeOrigin / 1000);
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the process, in user and system mode.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Memory of the process that is in RAM.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'nodejs_memory_bytes',
    help: 'Memory by kind: the heap (in use, and in all), buffers, and other memory outside of it.',
    labelNames: ['kind'],
    registers,
    collect() {
      const { heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
      this.set({ kind: 'heap_used' }, heapUsed);
      this.set({ kind: 'heap_total' }, heapTotal);
      this.set({ kind: 'external' }, external - arrayBuffers);
      this.set({ kind: 'array_buffers' }, arrayBuffers);
    },
  });
  if (process.platform !== 'linux') return;
  new Gauge({
    name: 'process_open_fds',
    help: 'Open file descriptors.',
    registers,
    async collect() {
      // The folder itself is open meanwhile.
      this.set((await readdir('/proc/self/fd')).length - 1);
    },
  });
  new Gauge({
    name: 'process_max_fds',
    help: 'How many file descriptors may be open.',
    registers,
    async collect() {
      const limit = /^Max open files\s+(\d+)/m.exec(await readFile('/proc/self/limits', 'utf8'))?.[1];
      if (limit !== undefined) this.set(Number(limit));
    },
  });
};
