import process from 'node:process';
import type { Control, SessionView } from '@sluice/plugin-api';
import { ProxyTable } from './proxy-table.js';
import { FINAL_RULE, showRule, type ShownRule } from './rules.js';
import { inboundType } from './type-names.js';

/** More of them no dashboard can show; the totals count all. */
const MAX_SHOWN = 5000;
/** Several dashboards that ask at about the same time get the same text. */
const FRESH_MS = 200;

/** Open connections in Clash's words. */
export class Connections {
  readonly #control: Control;
  #text = '';
  #madeAt = Number.NEGATIVE_INFINITY;

  constructor(control: Control) {
    this.#control = control;
  }

  /** As JSON. */
  snapshot(): string {
    const now = performance.now();
    if (now - this.#madeAt > FRESH_MS) {
      this.#text = JSON.stringify(this.#collect());
      this.#madeAt = now;
    }
    return this.#text;
  }

  /** What was kept is out of date. */
  changed(): void {
    this.#madeAt = Number.NEGATIVE_INFINITY;
  }

  #collect(): object {
    const { uplink, downlink } = this.#control.traffic();
    const table = new ProxyTable(this.#control);
    const rules = this.#control.rules();
    const shown = new Map<number, ShownRule>();
    const ruleAt = (index: number | undefined): ShownRule => {
      const rule = index === undefined ? undefined : rules[index];
      if (index === undefined || rule === undefined) return FINAL_RULE;
      let known = shown.get(index);
      if (known === undefined) shown.set(index, (known = showRule(rule)));
      return known;
    };
    const connections: object[] = [];
    for (const session of this.#control.sessions()) {
      // Where it wants to go is not known before its handshake is over.
      if (session.target === undefined) continue;
      if (connections.length >= MAX_SHOWN) break;
      connections.push(describe(session, table, ruleAt(session.ruleIndex)));
    }
    return { downloadTotal: downlink, uploadTotal: uplink, connections, memory: process.memoryUsage.rss() };
  }
}

function describe(session: SessionView, table: ProxyTable, rule: ShownRule): object {
  const { target, outboundTag, balancerTag } = session;
  const isNamed = target?.type === 'domain';
  return {
    id: String(session.id),
    metadata: {
      network: session.network,
      type: inboundType(session.inboundProtocol),
      sourceIP: session.source.address,
      sourcePort: String(session.source.port),
      destinationIP: isNamed ? '' : (target?.host ?? ''),
      destinationPort: String(target?.port ?? 0),
      host: isNamed ? target.host : '',
      dnsMode: 'normal',
      inboundIP: session.local.address,
      inboundPort: String(session.local.port),
      inboundName: session.inboundTag,
      inboundUser: session.user?.email ?? '',
      sniffHost: session.sniffed?.domain ?? '',
      process: '',
      processPath: '',
      uid: 0,
      remoteDestination: '',
      specialProxy: '',
      specialRules: '',
    },
    upload: session.uplink,
    download: session.downlink,
    start: new Date(session.startedAt).toISOString(),
    // The last hop first, as in Clash.
    chains: [
      ...(outboundTag === undefined ? [] : [table.outboundName(outboundTag)]),
      ...(balancerTag === undefined ? [] : [table.balancerName(balancerTag)]),
    ],
    rule: rule.type,
    rulePayload: rule.payload,
  };
}
