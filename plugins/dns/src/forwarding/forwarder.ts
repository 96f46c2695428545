import type { Buffer } from 'node:buffer';

/** Passes questions on to a server. */
export interface Forwarder {
  send(message: Buffer): void;
  /** No answers for now, as far as they can be held up. */
  pause(): void;
  resume(): void;
  /** No event follows. */
  close(): void;
}

/** Who is told what a server says. */
export interface AnswerSink {
  /** The memory is the receiver's. */
  onAnswer(message: Buffer): void;
  /** The questions that were passed on so far get no answer; further ones are tried anew. */
  onLost(): void;
}
