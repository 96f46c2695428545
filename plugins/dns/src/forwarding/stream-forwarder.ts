import type { Buffer } from 'node:buffer';
import { LinkDuplex, type Link } from '@sluice/plugin-api';
import { frame, FrameReader } from '../frames.js';
import type { AnswerSink, Forwarder } from './forwarder.js';

const MAX_ANSWER = 65_535;

/** Over TCP, by one connection that is opened when it is needed. */
export class StreamForwarder implements Forwarder {
  readonly #dial: () => Promise<Link>;
  readonly #sink: AnswerSink;
  #stream: LinkDuplex | undefined;
  #waiting: Buffer[] = [];
  #isOpening = false;
  #isPaused = false;
  #closed = false;

  constructor(dial: () => Promise<Link>, sink: AnswerSink) {
    this.#dial = dial;
    this.#sink = sink;
  }

  send(message: Buffer): void {
    if (this.#closed) return;
    if (this.#stream !== undefined) {
      this.#stream.write(frame(message));
      return;
    }
    // As many as questions may be open.
    this.#waiting.push(message);
    if (!this.#isOpening) void this.#open();
  }

  pause(): void {
    this.#isPaused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#stream?.resume();
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#stream?.destroy();
  }

  async #open(): Promise<void> {
    this.#isOpening = true;
    try {
      const link = await this.#dial();
      if (this.#closed) link.destroy();
      else this.#join(new LinkDuplex(link));
    } catch {
      this.#lose();
    } finally {
      this.#isOpening = false;
    }
  }

  #join(stream: LinkDuplex): void {
    this.#stream = stream;
    const reader = new FrameReader(MAX_ANSWER);
    stream.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      for (let answer = reader.take(); answer !== undefined; answer = reader.take()) this.#sink.onAnswer(answer);
    });
    const gone = (): void => {
      if (this.#stream !== stream) return;
      this.#stream = undefined;
      stream.destroy();
      this.#lose();
    };
    // Servers close connections that nobody uses: the next question opens another.
    stream.on('end', gone).on('close', gone).on('error', gone);
    if (this.#isPaused) stream.pause();
    for (const message of this.#waiting.splice(0)) stream.write(frame(message));
  }

  #lose(): void {
    this.#waiting = [];
    if (!this.#closed) this.#sink.onLost();
  }
}
