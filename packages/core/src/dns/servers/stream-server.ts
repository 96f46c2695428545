import type { Duplex } from 'node:stream';
import { SluiceError, toSluiceError, type DnsServer } from '@sluice/plugin-api';
import { withId } from '../wire/build.js';
import { isAnswerTo } from '../wire/message.js';
import { FrameReader, frame } from './frames.js';
import { givenUp } from './reach.js';
import { SharedConnect, type Connected } from './shared-connect.js';

/** A connection without questions is closed after this long, in ms (RFC 7766, 6.2.3). */
const IDLE_MS = 10_000;
const MAX_OPEN_QUESTIONS = 1024;

/** DNS over a stream (RFC 7766, RFC 7858): many questions on one connection, answers in any order. */
export class StreamServer implements DnsServer {
  readonly #pipelines: SharedConnect<Pipeline>;

  /** @param open connects anew */
  constructor(open: (signal: AbortSignal) => Promise<Duplex>) {
    this.#pipelines = new SharedConnect(async (signal) => new Pipeline(await open(signal)));
  }

  exchange(query: Buffer, signal: AbortSignal): Promise<Buffer> {
    return this.#pipelines.use(signal, (pipeline) => pipeline.exchange(query, signal));
  }

  close(): void {
    this.#pipelines.close();
  }
}

interface Waiting {
  readonly query: Buffer;
  resolve(answer: Buffer): void;
  reject(error: SluiceError): void;
}

/** One connection. */
class Pipeline implements Connected {
  readonly #stream: Duplex;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #idle: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    const reader = new FrameReader((message) => this.#receive(message));
    stream.on('data', (chunk: Buffer) => reader.write(chunk));
    stream.on('error', (error) => this.#end(error));
    stream.on('end', () => this.#end());
    stream.on('close', () => this.#end());
  }

  get isOver(): boolean {
    return this.#isOver || this.#stream.destroyed;
  }

  async exchange(query: Buffer, signal: AbortSignal): Promise<Buffer> {
    if (this.#waiting.size >= MAX_OPEN_QUESTIONS)
      throw new SluiceError('E_DNS_FAILED', 'too many questions wait for the DNS server');
    clearTimeout(this.#idle);
    const id = this.#freeId();
    const own = withId(query, id);
    let onAbort: () => void = () => undefined;
    try {
      const answer = await new Promise<Buffer>((resolve, reject) => {
        onAbort = (): void => reject(givenUp());
        if (signal.aborted) onAbort();
        else if (this.isOver) reject(closedByServer());
        else {
          signal.addEventListener('abort', onAbort, { once: true });
          this.#waiting.set(id, { query: own, resolve, reject });
          this.#stream.write(frame(own));
        }
      });
      return withId(answer, query.readUInt16BE(0));
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0 && !this.isOver) this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
    }
  }

  close(): void {
    this.#end(new SluiceError('E_CLOSING', 'the DNS server is no longer asked'));
  }

  #freeId(): number {
    do this.#nextId = (this.#nextId + 1) & 0xffff;
    while (this.#waiting.has(this.#nextId));
    return this.#nextId;
  }

  #receive(message: Buffer): void {
    if (message.length < 2) return;
    const waiting = this.#waiting.get(message.readUInt16BE(0));
    if (waiting !== undefined && isAnswerTo(message, waiting.query)) waiting.resolve(message);
  }

  #end(error: Error = closedByServer()): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#idle);
    this.#stream.destroy();
    for (const waiting of [...this.#waiting.values()]) waiting.reject(toSluiceError(error, 'E_DNS_FAILED'));
  }
}

function closedByServer(): SluiceError {
  return new SluiceError('E_DNS_FAILED', 'the DNS server closed the connection');
}
