import type { Buffer } from 'node:buffer';
import type { Network } from '@sluice/net';

/** What a client's first bytes or packets say of a connection. */
export interface Sniffed {
  /** "http", "tls", "quic", "bittorrent", "dns", or a plugin's own name. Rules' `protocol` looks at it. */
  readonly protocol: string;
  /** The name that the client wants to reach: lower-case, without a port, never an IP. */
  readonly domain?: string | undefined;
}

/** 'more': it could still be this protocol. 'no': it is not. */
export type SniffVerdict = Sniffed | 'more' | 'no';

/** A kind of sniffer: what `sniffing.destOverride` names. */
export interface SnifferContribution {
  /** One sentence for completion and docs. */
  readonly description: string;
  /** Where it can find something. */
  readonly networks: readonly Network[];
  /**
   * Pure, synchronous, never throws.
   * @param heard for TCP one buffer with all bytes so far, for UDP the packets so far, in order. The
   * memory is the caller's: not to be changed, nor kept.
   */
  sniff(heard: readonly Buffer[], network: Network): SniffVerdict;
}
