import type { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { frame, FrameReader } from './frames.js';
import { Questions, type QuestionsOptions } from './questions.js';

/** Far more than any question of use, in bytes. */
const MAX_QUESTION = 4096;

/** A TCP client's side: takes its questions as fast as they are answered, in whatever order. */
export class QuestionStream {
  readonly #stream: Duplex;
  readonly #reader = new FrameReader(MAX_QUESTION);
  readonly #questions: Questions;
  /** The client does not take its answers. */
  #blocked = false;
  #ended = false;

  constructor(stream: Duplex, options: Omit<QuestionsOptions, 'onAnswer'>) {
    this.#stream = stream;
    this.#questions = new Questions({ ...options, onAnswer: (answer) => this.#write(answer) });
    stream.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      this.#read();
    });
    stream.on('drain', () => {
      this.#blocked = false;
      this.#questions.resume();
      this.#read();
    });
    stream.on('end', () => {
      this.#ended = true;
      this.#read();
    });
    stream.on('error', () => undefined);
    stream.on('close', () => this.#questions.close());
  }

  #read(): void {
    if (this.#stream.destroyed) return;
    const questions = this.#questions;
    try {
      while (!this.#blocked && !questions.isFull) {
        const message = this.#reader.take();
        if (message === undefined) break;
        if (!questions.ask(message)) {
          this.#stream.destroy();
          return;
        }
      }
    } catch {
      this.#stream.destroy();
      return;
    }
    if (this.#ended && questions.open === 0 && !this.#blocked) this.#stream.end();
    else if (this.#blocked || questions.isFull) this.#stream.pause();
    else this.#stream.resume();
  }

  #write(answer: Buffer): void {
    // A server may say more than it was asked.
    if (this.#stream.writableEnded) return;
    if (!this.#stream.write(frame(answer)) && !this.#blocked) {
      this.#blocked = true;
      this.#questions.pause();
    }
    this.#read();
  }
}
