import type { Buffer } from 'node:buffer';

/**
 * What may wait for one client, in bytes. Clients ask for as much as they can take, some
 * megabytes at a time; one that leaves more than that lying does not read.
 */
export const MAX_WAITING = 16 * 1024 * 1024;

/** About what a buffer costs beside its bytes. */
const ENTRY_COST = 256;
/** The array is cut when this much of it has been taken. */
const CUT = 1024;

/** Answers that wait until their client takes them, first in, first out. */
export class AnswerQueue {
  #entries: (Buffer | undefined)[] = [];
  #first = 0;
  #cost = 0;

  get length(): number {
    return this.#entries.length - this.#first;
  }

  get empty(): boolean {
    return this.length === 0;
  }

  /** The memory that it takes, in bytes. */
  get cost(): number {
    return this.#cost;
  }

  push(bytes: Buffer): void {
    this.#entries.push(bytes);
    this.#cost += bytes.length + ENTRY_COST;
  }

  shift(): Buffer | undefined {
    const bytes = this.#entries[this.#first];
    if (bytes === undefined) return undefined;
    this.#entries[this.#first] = undefined;
    this.#first += 1;
    this.#cost -= bytes.length + ENTRY_COST;
    if (this.empty) this.clear();
    else if (this.#first >= CUT) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return bytes;
  }

  clear(): void {
    this.#entries = [];
    this.#first = 0;
    this.#cost = 0;
  }
}
