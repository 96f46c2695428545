import type { Buffer } from 'node:buffer';
import { formatHostPort, type Destination, type PacketConn, type PacketSink } from '@sluice/plugin-api';
import { packetLimit, truncated, type Query } from './message.js';
import { Questions, type QuestionsOptions } from './questions.js';

/** Servers that one client asks; the one not asked for longest is let go. */
const MAX_SERVERS = 16;

/** A UDP client's side: each packet is a question to the server that it is sent to. */
export class QuestionPackets implements PacketConn {
  readonly #optionsFor: (to: Destination) => Omit<QuestionsOptions, 'onAnswer'>;
  readonly #servers = new Map<string, Questions>();
  #sink: PacketSink | undefined;
  #closed = false;

  constructor(optionsFor: (to: Destination) => Omit<QuestionsOptions, 'onAnswer'>) {
    this.#optionsFor = optionsFor;
  }

  attach(sink: PacketSink): void {
    this.#sink = sink;
  }

  send(payload: Buffer, to: Destination): void {
    if (this.#closed || to.type === 'unix') return;
    const questions = this.#questionsTo(to);
    if (!questions.isFull) questions.ask(payload);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const questions of this.#servers.values()) questions.close();
    this.#servers.clear();
    this.#sink?.onClose(undefined);
  }

  #questionsTo(to: Destination): Questions {
    const key = formatHostPort(to.host, to.port);
    const questions =
      this.#servers.get(key) ??
      new Questions({ ...this.#optionsFor(to), onAnswer: (answer, query) => this.#answer(answer, query, to) });
    this.#servers.delete(key);
    this.#servers.set(key, questions);
    if (this.#servers.size > MAX_SERVERS) {
      const [eldest = ''] = this.#servers.keys();
      this.#servers.get(eldest)?.close();
      this.#servers.delete(eldest);
    }
    return questions;
  }

  #answer(answer: Buffer, query: Query | undefined, { host, port }: Destination): void {
    // Nobody asked, or it has been answered.
    if (query === undefined) return;
    const fits = answer.length <= packetLimit(query);
    this.#sink?.onPacket(fits ? answer : truncated(query, answer), { address: host, port });
  }
}
