import type { SniffingConfig } from '@sluice/config';
import {
  destination,
  hostType,
  type Destination,
  type Network,
  type SnifferContribution,
  type Sniffed,
  type SniffVerdict,
} from '@sluice/plugin-api';

/** The protocol that a made-up address (fakedns) is of. */
const FAKE_DNS = 'fakedns';
/** In `destOverride`: made-up addresses, and whatever else is found. */
const FAKE_AND_OTHERS = 'fakedns+others';

/** What sniffing makes of a target. */
export interface SniffedTarget {
  /** Where to connect. */
  readonly to: Destination;
  /** What rules look at; another one than `to` where the name serves routing only. */
  readonly routed: Destination;
  readonly sniffed: Sniffed | undefined;
}

/** An inbound's `sniffing`: what is looked for, and what becomes of it. */
export class Sniffing {
  readonly metadataOnly: boolean;
  readonly #config: SniffingConfig;
  readonly #sniffers: Readonly<Record<Network, readonly SnifferContribution[]>>;
  readonly #nameOf: (address: string) => string | undefined;

  /** @param nameOf the name that a made-up address stands for */
  constructor(
    config: SniffingConfig,
    sniffers: readonly SnifferContribution[],
    nameOf: (address: string) => string | undefined,
  ) {
    this.#config = config;
    this.metadataOnly = config.metadataOnly;
    this.#nameOf = nameOf;
    const of = (network: Network): readonly SnifferContribution[] =>
      sniffers.filter((sniffer) => sniffer.networks.includes(network));
    this.#sniffers = { tcp: of('tcp'), udp: of('udp') };
  }

  /** The first sniffer that recognises it; 'more' while one of them still could. */
  look(heard: readonly Buffer[], network: Network): SniffVerdict {
    let undecided = false;
    for (const sniffer of this.#sniffers[network]) {
      const verdict = sniffer.sniff(heard, network);
      if (verdict === 'more') undecided = true;
      else if (verdict !== 'no') return verdict;
    }
    return undecided ? 'more' : 'no';
  }

  /** Whether the target itself says what is wanted, so that nothing needs to be heard. */
  byMetadata(to: Destination): Sniffed | undefined {
    if (to.type !== 'ipv4' && to.type !== 'ipv6') return undefined;
    const domain = this.#nameOf(to.host);
    return domain === undefined ? undefined : { protocol: FAKE_DNS, domain };
  }

  /** Puts the name that was found in the target's place, as far as the configuration wants it. */
  apply(to: Destination, sniffed: Sniffed | undefined): SniffedTarget {
    if (sniffed?.domain === undefined || !this.#overrides(sniffed)) return { to, routed: to, sniffed };
    if (hostType(sniffed.domain) !== 'domain') return { to, routed: to, sniffed };
    const named = destination(to.network, sniffed.domain, to.port);
    const forRoutingOnly = this.#config.routeOnly && sniffed.protocol !== FAKE_DNS;
    return { to: forRoutingOnly ? to : named, routed: named, sniffed };
  }

  #overrides({ protocol, domain }: Sniffed): boolean {
    const { destOverride, domainsExcluded } = this.#config;
    if (domainsExcluded.includes(domain as string)) return false;
    if (protocol === FAKE_DNS) return destOverride.includes(FAKE_DNS) || destOverride.includes(FAKE_AND_OTHERS);
    return destOverride.includes(protocol);
  }
}
