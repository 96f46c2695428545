import { Counter } from 'prom-client';
import type { BoundedValues } from '../bounded-values.js';
import type { Collector } from './collector.js';
import { Sums } from './sums.js';

/** "user>>>EMAIL>>>traffic>>>uplink": V2Ray's name of a counter of bytes. */
const COUNTER = /^(inbound|outbound|user)>>>(.*)>>>traffic>>>(uplink|downlink)$/s;

/** Payload bytes: all of them, and those that the configuration has counted apart. */
export const collectTraffic: Collector = ({ registry, service: { control, stats }, labels }) => {
  const registers = [registry];
  new Counter({
    name: 'sluice_traffic_bytes_total',
    help: "Payload bytes of all connections, on the inbounds' side.",
    labelNames: ['direction'],
    registers,
    collect() {
      this.reset();
      const { uplink, downlink } = control.traffic();
      this.inc({ direction: 'uplink' }, uplink);
      this.inc({ direction: 'downlink' }, downlink);
    },
  });
  const counted = (kind: 'inbound' | 'outbound' | 'user', help: string, values: BoundedValues): void => {
    new Counter({
      name: `sluice_${kind}_traffic_bytes_total`,
      help,
      labelNames: [kind, 'direction'],
      registers,
      collect() {
        const sums = new Sums<string>();
        for (const [name, value] of stats.query(`${kind}>>>`)) {
          const parts = COUNTER.exec(name);
          const [, found, owner, direction] = parts ?? [];
          if (found !== kind || owner === undefined || direction === undefined) continue;
          sums.add({ [kind]: values.admit(owner), direction }, value);
        }
        this.reset();
        for (const { labels: found, value } of sums) this.inc(found, value);
      },
    });
  };
  counted(
    'inbound',
    'Bytes by inbound, where `stats` and `policy.system.statsInbound…` have them counted.',
    labels.inbound,
  );
  counted(
    'outbound',
    'Bytes by outbound, where `stats` and `policy.system.statsOutbound…` have them counted.',
    labels.outbound,
  );
  counted(
    'user',
    "Bytes by user's e-mail, where `stats` and `policy.levels.N.statsUser…` have them counted.",
    labels.user,
  );
};
