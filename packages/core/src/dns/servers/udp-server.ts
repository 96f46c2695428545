import { SluiceError, type Destination, type DnsServer, type Endpoint } from '@sluice/plugin-api';
import { isAnswerTo, isTruncated } from '../wire/message.js';
import { givenUp, type Reach } from './reach.js';

/** A packet may be lost; it is sent again after this long, in ms. */
const RESEND_MS = 1200;

/** DNS over UDP (RFC 1035): a port of its own for every question, so that answers are hard to forge. */
export class UdpServer implements DnsServer {
  readonly #reach: Reach;
  readonly #to: Destination;
  /** For answers that do not fit into a packet. */
  readonly #large: DnsServer;

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
    const { packets, done } = await this.#reach.openPackets(this.#to, signal);
    let again: NodeJS.Timeout | undefined;
    let onAbort: () => void = () => undefined;
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        onAbort = (): void => reject(givenUp());
        signal.addEventListener('abort', onAbort, { once: true });
        packets.attach({
          onPacket: (payload, from) => {
            if (this.#isFrom(from) && isAnswerTo(payload, query)) resolve(payload);
          },
          onClose: (error) =>
            reject(new SluiceError('E_DNS_FAILED', 'the way to the DNS server was closed', { cause: error })),
        });
        if (signal.aborted) {
          onAbort();
          return;
        }
        packets.send(query, this.#to);
        again = setInterval(() => packets.send(query, this.#to), RESEND_MS);
      });
    } finally {
      clearInterval(again);
      signal.removeEventListener('abort', onAbort);
      done();
    }
  }

  #isFrom({ address, port }: Endpoint): boolean {
    return port === this.#to.port && (this.#to.type === 'domain' || address === this.#to.host);
  }
}
