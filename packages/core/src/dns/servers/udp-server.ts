import { SluiceError, type Destination, type DnsServer } from '@sluice/plugin-api';
import { withId } from '../wire/build.js';
import { isTruncated } from '../wire/message.js';
import type { Reach } from './reach.js';
import { UdpPath } from './udp-path.js';

/** Ports that are open at a time; more questions share them, so that a silent server does not use up all files. */
const MAX_PATHS = 128;

/** DNS over UDP (RFC 1035): a port of its own for every question, so that answers are hard to forge. */
export class UdpServer implements DnsServer {
  readonly #reach: Reach;
  readonly #to: Destination;
  /** For answers that do not fit into a packet. */
  readonly #large: DnsServer;
  /** In the order of their last use. */
  readonly #paths = new Set<Promise<UdpPath>>();

  constructor(reach: Reach, to: Destination, large: DnsServer) {
    this.#reach = reach;
    this.#to = to;
    this.#large = large;
  }

  async exchange(query: Buffer, signal: AbortSignal): Promise<Buffer> {
    const answer = await this.#ask(query, signal);
    return isTruncated(answer) ? this.#large.exchange(query, signal) : answer;
  }

  close(): void {
    this.#large.close?.();
  }

  async #ask(query: Buffer, signal: AbortSignal): Promise<Buffer> {
    const opening = this.#path(signal);
    let path: UdpPath;
    try {
      path = await opening;
    } catch (error) {
      this.#paths.delete(opening);
      throw error;
    }
    try {
      if (path.isClosed) throw new SluiceError('E_DNS_FAILED', 'the way to the DNS server was closed');
      return withId(await path.ask(query, signal), query.readUInt16BE(0));
    } finally {
      if (path.isUnused) {
        this.#paths.delete(opening);
        path.close();
      }
    }
  }

  #path(signal: AbortSignal): Promise<UdpPath> {
    const [longest] = this.#paths;
    const isShared = longest !== undefined && this.#paths.size >= MAX_PATHS;
    const path = isShared
      ? longest
      : this.#reach.openPackets(this.#to, signal).then(({ packets, done }) => new UdpPath(packets, this.#to, done));
    this.#paths.delete(path);
    this.#paths.add(path);
    return path;
  }
}
