import type { BalancerView, Control, Health, OutboundView } from '@sluice/plugin-api';
import type { DelayEntry, DelayHistory } from '../delay/delay-history.js';
import { ProxyTable, type ProxyEntry } from './proxy-table.js';
import { outboundType } from './type-names.js';

interface HistoryItem {
  readonly time: string;
  readonly delay: number;
}

/** A proxy or a group, as Clash.Meta describes them. */
export interface ProxyView {
  readonly name: string;
  readonly type: string;
  readonly alive: boolean;
  readonly udp: boolean;
  readonly xudp: boolean;
  readonly tfo: boolean;
  readonly history: readonly HistoryItem[];
  readonly extra: Readonly<Record<string, { readonly alive: boolean; readonly history: readonly HistoryItem[] }>>;
  /** The member that a group uses at present; empty where it differs from connection to connection. */
  readonly now: string;
  readonly hidden: boolean;
  readonly all?: readonly string[];
  readonly 'dialer-proxy'?: string;
}

const BARE = { alive: true, udp: true, xudp: false, tfo: false, history: [], extra: {}, now: '', hidden: false };

const items = (entries: readonly DelayEntry[]): HistoryItem[] =>
  entries.map(({ at, delay }) => ({ time: new Date(at).toISOString(), delay }));

/** The instance's outbounds and balancers in Clash's words. */
export class Proxies {
  readonly #control: Control;
  readonly #health: Health;
  readonly #history: DelayHistory;

  constructor(control: Control, health: Health, history: DelayHistory) {
    this.#control = control;
    this.#health = health;
    this.#history = history;
  }

  table(): ProxyTable {
    const table = new ProxyTable(this.#control);
    this.#history.keepOnly(new Set(this.#control.outbounds().map(({ tag }) => tag)));
    return table;
  }

  /** By name. */
  all(): Record<string, ProxyView> {
    const table = this.table();
    return Object.fromEntries([...table.entries()].map((entry) => [entry.name, this.view(table, entry)]));
  }

  view(table: ProxyTable, entry: ProxyEntry): ProxyView {
    const { name } = entry;
    switch (entry.kind) {
      case 'outbound':
        return this.#outbound(table, name, entry.outbound);
      case 'choice': {
        const { override } = entry.balancer;
        return {
          ...BARE,
          name,
          type: 'Selector',
          all: [entry.automatic, ...this.members(table, entry)],
          now: override === undefined ? entry.automatic : table.outboundName(override),
        };
      }
      case 'automatic': {
        const { strategy } = entry.balancer;
        const now = this.#automaticChoice(entry.balancer);
        return {
          ...BARE,
          name,
          type: strategy.toLowerCase() === 'leastping' ? 'URLTest' : 'LoadBalance',
          all: this.members(table, entry),
          now: now === undefined ? '' : table.outboundName(now),
          hidden: true,
        };
      }
      case 'global': {
        const [first] = this.#control.outbounds();
        return {
          ...BARE,
          name,
          type: 'Fallback',
          all: this.members(table, entry),
          now: first === undefined ? '' : table.outboundName(first.tag),
        };
      }
    }
  }

  /** The names of the entry's outbounds; of GLOBAL also the groups, since dashboards sort by that list. */
  members(table: ProxyTable, entry: ProxyEntry): string[] {
    if (entry.kind === 'outbound') return [entry.name];
    if (entry.kind !== 'global') return entry.balancer.members.map((tag) => table.outboundName(tag));
    const shown = [...table.entries()];
    return [...shown.filter(({ kind }) => kind === 'choice'), ...shown.filter(({ kind }) => kind === 'outbound')].map(
      ({ name }) => name,
    );
  }

  /** The tag of the outbound that a test of this proxy tests. */
  testedTag(table: ProxyTable, entry: ProxyEntry): string | undefined {
    const { now, all = [] } = this.view(table, entry);
    if (entry.kind === 'outbound') return entry.outbound.tag;
    const chosen = table.get(now);
    if (chosen?.kind === 'automatic') return this.testedTag(table, chosen);
    return table.outboundTag(now) ?? all.map((name) => table.outboundTag(name)).find((tag) => tag !== undefined);
  }

  #outbound(table: ProxyTable, name: string, outbound: OutboundView): ProxyView {
    const health = this.#health.of(outbound.tag);
    const tests = this.#history.of(outbound.tag);
    const probes: DelayEntry[] =
      health === undefined || health.samples === 0
        ? []
        : [{ at: health.lastTryAt, delay: health.alive ? Math.max(1, Math.round(health.delay ?? 0)) : 0 }];
    const entries = [...probes, ...[...tests.values()].flat()].sort((a, b) => a.at - b.at).slice(-10);
    return {
      ...BARE,
      name,
      type: outboundType(outbound.protocol),
      alive: entries.length === 0 || entries.at(-1)?.delay !== 0,
      udp: outbound.carriesPackets,
      history: items(entries),
      extra: Object.fromEntries(
        [...tests].map(([url, list]) => [url, { alive: list.at(-1)?.delay !== 0, history: items(list) }]),
      ),
      ...(outbound.via === undefined ? {} : { 'dialer-proxy': table.outboundName(outbound.via) }),
    };
  }

  /** The outbound that the strategy takes now, where that can be told. */
  #automaticChoice(balancer: BalancerView): string | undefined {
    if (balancer.members.length === 1) return balancer.members[0];
    if (balancer.strategy.toLowerCase() !== 'leastping') return undefined;
    let best: { tag: string; delay: number } | undefined;
    for (const tag of balancer.members) {
      const health = this.#health.of(tag);
      if (health?.alive !== true || health.delay === undefined) continue;
      if (best === undefined || health.delay < best.delay) best = { tag, delay: health.delay };
    }
    return best?.tag ?? balancer.fallbackTag;
  }
}
