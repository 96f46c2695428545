import type { Buffer } from 'node:buffer';
import type { Destination, Endpoint, PacketConn } from '@sluice/plugin-api';
import type { AnswerSink, Forwarder } from './forwarder.js';

/** Over UDP, by one path that is opened when it is needed. */
export class PacketForwarder implements Forwarder {
  readonly #openPath: () => Promise<PacketConn>;
  readonly #to: Destination;
  readonly #sink: AnswerSink;
  #path: PacketConn | undefined;
  #waiting: Buffer[] = [];
  #isOpening = false;
  #isPaused = false;
  #closed = false;

  constructor(open: () => Promise<PacketConn>, to: Destination, sink: AnswerSink) {
    this.#openPath = open;
    this.#to = to;
    this.#sink = sink;
  }

  send(message: Buffer): void {
    if (this.#closed) return;
    if (this.#path !== undefined) {
      this.#path.send(message, this.#to);
      return;
    }
    this.#waiting.push(message);
    if (!this.#isOpening) void this.#open();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#path?.close();
  }

  async #open(): Promise<void> {
    this.#isOpening = true;
    try {
      const path = await this.#openPath();
      if (this.#closed) path.close();
      else this.#join(path);
    } catch {
      this.#lose();
    } finally {
      this.#isOpening = false;
    }
  }

  #join(path: PacketConn): void {
    this.#path = path;
    path.attach({
      onPacket: (answer, from) => {
        // What cannot be taken now is lost, as packets are.
        if (!this.#isPaused && this.#isFromServer(from)) this.#sink.onAnswer(answer);
      },
      onClose: () => {
        if (this.#path !== path) return;
        this.#path = undefined;
        this.#lose();
      },
    });
    for (const message of this.#waiting.splice(0)) path.send(message, this.#to);
  }

  /** Anybody can send a packet. A name's address is not known here; its port is. */
  #isFromServer({ address, port }: Endpoint): boolean {
    const { type, host, port: expected } = this.#to;
    return port === expected && (type === 'domain' || address === host);
  }

  #lose(): void {
    this.#waiting = [];
    if (!this.#closed) this.#sink.onLost();
  }
}
