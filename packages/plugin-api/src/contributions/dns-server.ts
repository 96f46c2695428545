import type { Buffer } from 'node:buffer';
import type { DataPlane } from '@sluice/net';
import type { Dispatcher } from '../services/dispatcher.js';
import type { Logger } from '../services/logger.js';

/** What a kind of DNS server is given. */
export interface DnsServerContext {
  /** The server's address as configured, "tcp://192.0.2.1:53"; for a bare IP "udp://192.0.2.1:53". */
  readonly address: URL;
  /** Where it is to be found: an IP that `hosts` has for the address's name, or the address's own host. */
  readonly host: string;
  readonly logger: Logger;
  readonly plane: DataPlane;
  /** Queries that are to be routed go out by `dispatcher.originate` with this inbound tag. */
  readonly dispatcher: Dispatcher;
  /** What its own connections come in under, for rules. */
  readonly inboundTag: string;
}

/** One upstream server. */
export interface DnsServer {
  /**
   * Sends a DNS message and gives the answer to it, its id restored.
   * @throws SluiceError E_DNS_FAILED, or of the dial
   */
  exchange(query: Buffer, signal: AbortSignal): Promise<Buffer>;
  /** Gives up what it has open. Safe twice. */
  close?(): void;
}

/** A kind of DNS server: what the scheme of its address names, such as "https". */
export interface DnsServerContribution {
  /** One sentence for completion and docs. */
  readonly description: string;
  create(context: DnsServerContext): DnsServer;
}
