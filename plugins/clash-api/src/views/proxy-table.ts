import type { BalancerView, Control, OutboundView } from '@sluice/plugin-api';

/** The group that every dashboard looks for: all there is, and what is taken where no rule matches. */
export const GLOBAL = 'GLOBAL';

/**
 * What is shown as a proxy. A balancer is two of them, as in Clash configurations: a group to choose from (its own
 * tag), and as that group's first member a hidden one for the strategy's own choice. So it can be pinned to an
 * outbound, and be set free again, in any dashboard.
 */
export type ProxyEntry =
  | { readonly kind: 'outbound'; readonly name: string; readonly outbound: OutboundView }
  | { readonly kind: 'choice'; readonly name: string; readonly balancer: BalancerView; readonly automatic: string }
  | { readonly kind: 'automatic'; readonly name: string; readonly balancer: BalancerView }
  | { readonly kind: 'global'; readonly name: typeof GLOBAL };

/** Outbounds and balancers under one namespace, as Clash has it; made anew for each request. */
export class ProxyTable {
  readonly #entries = new Map<string, ProxyEntry>();
  readonly #outboundNames = new Map<string, string>();
  readonly #balancerNames = new Map<string, string>();

  constructor(control: Control) {
    this.#entries.set(GLOBAL, { kind: 'global', name: GLOBAL });
    for (const outbound of control.outbounds()) {
      const name = this.#free(outbound.tag, 'outbound');
      this.#outboundNames.set(outbound.tag, name);
      this.#entries.set(name, { kind: 'outbound', name, outbound });
    }
    for (const balancer of control.balancers()) {
      const name = this.#free(balancer.tag, 'balancer');
      this.#balancerNames.set(balancer.tag, name);
      const automatic = this.#free(`${balancer.tag} (${balancer.strategy})`, 'balancer');
      this.#entries.set(name, { kind: 'choice', name, balancer, automatic });
      this.#entries.set(automatic, { kind: 'automatic', name: automatic, balancer });
    }
  }

  get(name: string): ProxyEntry | undefined {
    return this.#entries.get(name);
  }

  entries(): Iterable<ProxyEntry> {
    return this.#entries.values();
  }

  outboundName(tag: string): string {
    return this.#outboundNames.get(tag) ?? tag;
  }

  balancerName(tag: string): string {
    return this.#balancerNames.get(tag) ?? tag;
  }

  /** The tag of the outbound that is shown under this name. */
  outboundTag(name: string): string | undefined {
    const entry = this.#entries.get(name);
    return entry?.kind === 'outbound' ? entry.outbound.tag : undefined;
  }

  /** The name itself, or where another entry has it already, one that says what it is. */
  #free(name: string, kind: string): string {
    let free = name;
    for (let i = 1; this.#entries.has(free); i += 1) free = `${kind}:${name}${i > 1 ? `#${i}` : ''}`;
    return free;
  }
}
