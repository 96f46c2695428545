import type { Destination, DnsServer } from '@sluice/plugin-api';
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
  /** How many questions use each, in the order of when they were taken last. */
  readonly #paths = new Map<Promise<UdpPath>, number>();

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
    const opening = this.#take(signal);
    try {
      const path = await opening;
      return withId(await path.ask(query, signal), query.readUInt16BE(0));
    } finally {
      this.#giveBack(opening);
    }
  }

  #take(signal: AbortSignal): Promise<UdpPath> {
    const [longest] = this.#paths.keys();
    const isShared = longest !== undefined && this.#paths.size >= MAX_PATHS;
    const path = isShared
      ? longest
      : this.#reach.openPackets(this.#to, signal).then(({ packets, done }) => new UdpPath(packets, this.#to, done));
    const users = this.#paths.get(path) ?? 0;
    this.#paths.delete(path);
    this.#paths.set(path, users + 1);
    return path;
  }

  #giveBack(opening: Promise<UdpPath>): void {
    const users = (this.#paths.get(opening) ?? 1) - 1;
    if (users > 0) {
      this.#paths.set(opening, users);
      return;
    }
    this.#paths.delete(opening);
    opening.then(
      (path) => path.close(),
      () => undefined,
    );
  }
}
