import { Counter, Gauge } from 'prom-client';
import type { Collector } from './collector.js';

/** What connections share: sockets, timers, buffers. */
export const collectPlane: Collector = ({ registry, service: { plane } }) => {
  const registers = [registry];
  new Gauge({
    name: 'sluice_sockets_open',
    help: "Open stream sockets, clients' and servers' sides.",
    registers,
    collect() {
      this.set(plane.state().conns);
    },
  });
  new Gauge({
    name: 'sluice_timers',
    help: 'Timers that are running on the timer wheel.',
    registers,
    collect() {
      this.set(plane.state().timers);
    },
  });
  new Gauge({
    name: 'sluice_read_buffers',
    help: 'Large read buffers: borrowed by busy connections, or idle in the pool.',
    labelNames: ['state'],
    registers,
    collect() {
      const { borrowed, idle } = plane.state().buffers;
      this.set({ state: 'borrowed' }, borrowed);
      this.set({ state: 'idle' }, idle);
    },
  });
  new Gauge({
    name: 'sluice_read_buffer_size_bytes',
    help: 'The size of each of them.',
    registers,
    collect() {
      this.set(plane.buffers.size);
    },
  });
  new Counter({
    name: 'sluice_read_buffers_discarded_total',
    help: 'Large read buffers that could not be used again because their last write was cut off.',
    registers,
    collect() {
      this.reset();
      this.inc(plane.state().buffers.discarded);
    },
  });
};
