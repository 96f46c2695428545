import type { Duplex } from 'node:stream';
import { SluiceError, toSluiceError, type DnsServer } from '@sluice/plugin-api';
import { withId } from '../wire/build.js';
import { FrameReader, frame } from './frames.js';
import { givenUp } from './reach.js';
import { answers } from './udp-server.js';

/** A connection without questions is closed after this long, in ms (RFC 7766, 6.2.3). */
const IDLE_MS = 10_000;
const MAX_OPEN_QUESTIONS = 256;

interface Waiting {
  readonly query: Buffer;
  resolve(answer: Buffer): void;
  reject(error: SluiceError): void;
}

/** DNS over a stream (RFC 7766, RFC 7858): many questions on one connection, answers in any order. */
export class StreamServer implements DnsServer {
  readonly #open: (signal: AbortSignal) => Promise<Duplex>;
  readonly #waiting = new Map<number, Waiting>();
  #stream: Promise<Duplex> | undefined;
  #nextId = 0;
  #idle: NodeJS.Timeout | undefined;

  /** @param open connects anew */
  constructor(open: (signal: AbortSignal) => Promise<Duplex>) {
    this.#open = open;
  }

  async exchange(query: Buffer, signal: AbortSignal): Promise<Buffer> {
    const wasOpen = this.#stream !== undefined;
    try {
      return await this.#ask(query, signal);
    } catch (error) {
      // A connection that was kept may have been closed by the server meanwhile.
      if (!wasOpen || signal.aborted) throw error;
      return this.#ask(query, signal);
    }
  }

  close(): void {
    this.#drop(new SluiceError('E_CLOSING', 'the DNS server is no longer asked'));
  }

  async #ask(query: Buffer, signal: AbortSignal): Promise<Buffer> {
    if (this.#waiting.size >= MAX_OPEN_QUESTIONS)
      throw new SluiceError('E_DNS_FAILED', 'too many questions wait for the DNS server');
    const stream = await (this.#stream ??= this.#connect(signal));
    const id = this.#freeId();
    const own = withId(query, id);
    clearTimeout(this.#idle);
    let onAbort: () => void = () => undefined;
    try {
      const answer = await new Promise<Buffer>((resolve, reject) => {
        this.#waiting.set(id, { query: own, resolve, reject });
        onAbort = (): void => reject(givenUp());
        signal.addEventListener('abort', onAbort, { once: true });
        if (signal.aborted) onAbort();
        else stream.write(frame(own));
      });
      return withId(answer, query.readUInt16BE(0));
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0 && this.#stream !== undefined)
        this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
    }
  }

  #freeId(): number {
    do this.#nextId = (this.#nextId + 1) & 0xffff;
    while (this.#waiting.has(this.#nextId));
    return this.#nextId;
  }

  async #connect(signal: AbortSignal): Promise<Duplex> {
    try {
      const stream = await this.#open(signal);
      const reader = new FrameReader((message) => this.#receive(message));
      stream.on('data', (chunk: Buffer) => reader.write(chunk));
      const gone = (error?: Error): void => {
        const why =
          error === undefined ? new SluiceError('E_DNS_FAILED', 'the DNS server closed the connection') : error;
        this.#drop(toSluiceError(why, 'E_DNS_FAILED'), stream);
      };
      stream.on('error', gone);
      stream.on('end', () => gone());
      stream.on('close', () => gone());
      return stream;
    } catch (error) {
      this.#stream = undefined;
      throw error;
    }
  }

  #receive(message: Buffer): void {
    if (message.length < 2) return;
    const waiting = this.#waiting.get(message.readUInt16BE(0));
    if (waiting !== undefined && answers(message, waiting.query)) waiting.resolve(message);
  }

  /** @param only nothing is done if another connection is in use by now */
  #drop(error: SluiceError, only?: Duplex): void {
    clearTimeout(this.#idle);
    const stream = this.#stream;
    void stream?.then(
      (open) => {
        if (only !== undefined && only !== open) return;
        if (this.#stream === stream) this.#stream = undefined;
        open.destroy();
        for (const waiting of [...this.#waiting.values()]) waiting.reject(error);
      },
      () => undefined,
    );
  }
}
