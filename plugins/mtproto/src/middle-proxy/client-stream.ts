import type { Buffer } from 'node:buffer';
import type { ClientLayer } from '../obfuscation/client-layer.js';
import { keystreamOf, type Keystream } from '../obfuscation/ctr.js';
import type { Framing } from '../obfuscation/header.js';
import { freeNow } from '../obfuscation/owned-memory.js';
import { framePacket, frameQuickAck } from './framing/packet-framer.js';
import { PacketSplitter } from './framing/packet-splitter.js';
import type { Body } from './rpc/frame-writer.js';
import type { ProxyRequestHead } from './rpc/proxy-request.js';

/** Between a client's obfuscated stream and the messages in it, both ways. */
export class ClientStream {
  readonly #framing: Framing;
  readonly #up: Keystream;
  readonly #down: Keystream;
  readonly #splitter: PacketSplitter;
  readonly #head: ProxyRequestHead;

  /** Uses the client's keystreams up: nobody else can use them after it. */
  constructor({ framing, up, downMaterial }: ClientLayer, head: ProxyRequestHead) {
    this.#framing = framing;
    this.#up = up;
    this.#down = keystreamOf(downMaterial);
    this.#splitter = new PacketSplitter(framing);
    this.#head = head;
  }

  /** Bytes that wait for the rest of their message. */
  get pendingBytes(): number {
    return this.#splitter.pendingBytes;
  }

  /**
   * The messages that the client's next bytes complete, as requests to the middle proxy.
   * @param send is given them within the call, if there are any
   * @throws SluiceError E_PROTOCOL
   */
  requests(chunk: Buffer, send: (requests: readonly Body[]) => void): void {
    const plain = this.#up.update(chunk);
    const requests: Body[] = [];
    this.#splitter.write(plain, (packet, quickAck) => requests.push([this.#head.for(packet, quickAck), packet]));
    if (requests.length > 0) send(requests);
    freeNow(plain);
  }

  /** What the client is sent for a message at `start` to `end`; see {@link framePacket} for the memory around it. */
  answer(frame: Buffer, start: number, end: number): Buffer {
    return this.#down.update(framePacket(this.#framing, frame, start, end));
  }

  acknowledgement(token: Buffer): Buffer {
    return this.#down.update(frameQuickAck(this.#framing, token));
  }

  /** Lets go of what waits. */
  clear(): void {
    this.#splitter.clear();
  }
}
