import type { Buffer } from 'node:buffer';
import type { Dns, TimerEntry, TimerWheel } from '@sluice/plugin-api';
import type { AnswerSink, Forwarder } from './forwarding/forwarder.js';
import { failure, readQuery, type Query } from './message.js';

/** Questions of one client that may be open at a time. */
const MAX_OPEN = 64;
/** A server that has not answered within this is not waited for, in ms. */
const LIMIT_MS = 10_000;
/** What its length can say over TCP, in bytes. */
const MAX_ANSWER = 65_535;

export interface QuestionsOptions {
  /** Undefined: the questions are its own, and go on to the server. */
  readonly dns: Dns | undefined;
  readonly timers: TimerWheel;
  /** Undefined: what the DNS does not answer gets no answer. */
  readonly forward: ((sink: AnswerSink) => Forwarder) | undefined;
  /** @param query undefined for what a server adds to an answer that was passed on, as with whole zones */
  onAnswer(answer: Buffer, query: Query | undefined): void;
}

interface Forwarded {
  readonly query: Query;
  readonly timer: TimerEntry;
}

/** One client's questions: answers those for addresses, and passes the others on. */
export class Questions implements AnswerSink {
  readonly #options: QuestionsOptions;
  readonly #forwarded = new Set<Forwarded>();
  #forwarder: Forwarder | undefined;
  #answering = 0;
  #closed = false;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /** How many have no answer yet. */
  get open(): number {
    return this.#answering + this.#forwarded.size;
  }

  get isFull(): boolean {
    return this.open >= MAX_OPEN;
  }

  /**
   * @param message memory that does not change
   * @returns false for what is no question
   */
  ask(message: Buffer): boolean {
    const query = readQuery(message);
    if (query === undefined) return false;
    const { dns } = this.#options;
    if (dns !== undefined && query.isForAddresses) void this.#answer(query, dns);
    else this.#pass(query);
    return true;
  }

  pause(): void {
    this.#forwarder?.pause();
  }

  resume(): void {
    this.#forwarder?.resume();
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#forwarded) this.#options.timers.cancel(timer);
    this.#forwarded.clear();
    this.#forwarder?.close();
  }

  onAnswer(message: Buffer): void {
    if (this.#closed || message.length < 2) return;
    const id = message.readUInt16BE(0);
    const asked = [...this.#forwarded].find(({ query }) => query.id === id);
    if (asked !== undefined) this.#settle(asked);
    this.#options.onAnswer(message, asked?.query);
  }

  onLost(): void {
    for (const asked of [...this.#forwarded]) this.#fail(asked);
  }

  async #answer(query: Query, dns: Dns): Promise<void> {
    this.#answering += 1;
    let answer: Buffer;
    try {
      answer = await dns.answer(query.message);
      if (answer.length > MAX_ANSWER) answer = failure(query);
    } catch {
      answer = failure(query);
    }
    this.#answering -= 1;
    if (!this.#closed) this.#options.onAnswer(answer, query);
  }

  #pass(query: Query): void {
    const { forward, timers } = this.#options;
    if (forward === undefined) return;
    const asked: Forwarded = { query, timer: timers.after(LIMIT_MS, () => this.#fail(asked)) };
    this.#forwarded.add(asked);
    this.#forwarder ??= forward(this);
    this.#forwarder.send(query.message);
  }

  #fail(asked: Forwarded): void {
    if (!this.#settle(asked)) return;
    this.#options.onAnswer(failure(asked.query), asked.query);
  }

  #settle(asked: Forwarded): boolean {
    this.#options.timers.cancel(asked.timer);
    return this.#forwarded.delete(asked);
  }
}
