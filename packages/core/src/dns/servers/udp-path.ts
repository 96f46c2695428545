import { randomInt } from 'node:crypto';
import { SluiceError, type Destination, type Endpoint, type PacketConn } from '@sluice/plugin-api';
import { withId } from '../wire/build.js';
import { isAnswerTo } from '../wire/message.js';
import { givenUp } from './reach.js';

/** A packet may be lost; it is sent again after this long, in ms. */
const RESEND_MS = 1200;

interface Waiting {
  readonly query: Buffer;
  resolve(answer: Buffer): void;
  reject(error: SluiceError): void;
}

/** A port of ours towards a DNS server, and the questions that wait there. */
export class UdpPath {
  readonly #packets: PacketConn;
  readonly #to: Destination;
  readonly #done: () => void;
  readonly #waiting = new Map<number, Waiting>();
  #isClosed = false;

  constructor(packets: PacketConn, to: Destination, done: () => void) {
    this.#packets = packets;
    this.#to = to;
    this.#done = done;
    packets.attach({
      onPacket: (payload, from) => this.#receive(payload, from),
      onClose: (error) => this.#end(error),
    });
  }

  /** @returns the answer, under another id than the query's. @throws SluiceError E_DNS_FAILED */
  async ask(query: Buffer, signal: AbortSignal): Promise<Buffer> {
    const id = this.#freeId();
    const own = withId(query, id);
    let again: NodeJS.Timeout | undefined;
    let onAbort: () => void = () => undefined;
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        onAbort = (): void => reject(givenUp());
        if (signal.aborted || this.#isClosed) {
          reject(signal.aborted ? givenUp() : closedWay());
          return;
        }
        signal.addEventListener('abort', onAbort, { once: true });
        this.#waiting.set(id, { query: own, resolve, reject });
        this.#packets.send(own, this.#to);
        again = setInterval(() => this.#packets.send(own, this.#to), RESEND_MS);
      });
    } finally {
      clearInterval(again);
      signal.removeEventListener('abort', onAbort);
      this.#waiting.delete(id);
    }
  }

  close(): void {
    this.#done();
  }

  /** The id is half of what keeps answers from being forged. */
  #freeId(): number {
    let id: number;
    do id = randomInt(0x10000);
    while (this.#waiting.has(id));
    return id;
  }

  #receive(payload: Buffer, { address, port }: Endpoint): void {
    const isFrom = port === this.#to.port && (this.#to.type === 'domain' || address === this.#to.host);
    if (!isFrom || payload.length < 2) return;
    const waiting = this.#waiting.get(payload.readUInt16BE(0));
    if (waiting !== undefined && isAnswerTo(payload, waiting.query)) waiting.resolve(payload);
  }

  #end(error: Error | undefined): void {
    this.#isClosed = true;
    for (const waiting of [...this.#waiting.values()]) waiting.reject(closedWay(error));
  }
}

function closedWay(cause?: Error): SluiceError {
  return new SluiceError('E_DNS_FAILED', 'the way to the DNS server was closed', { cause });
}
