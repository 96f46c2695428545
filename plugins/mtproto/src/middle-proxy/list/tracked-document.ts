import type { Buffer } from 'node:buffer';

export interface DocumentOptions<T> {
  readonly name: string;
  readonly url: string;
  readonly maxBytes: number;
  /** Throws what is wrong with it. */
  readonly parse: (content: Buffer) => T;
}

/** A document that is fetched again and again, and what it said last. */
export class TrackedDocument<T> {
  readonly name: string;
  readonly url: string;
  readonly maxBytes: number;
  /** Since this was set to false. */
  changed = false;
  /** The last fetch did not succeed. */
  failed = false;
  /** What was taken last is on disk. */
  cached = false;
  readonly #parse: (content: Buffer) => T;
  #content: Buffer | undefined;
  #value: T | undefined;

  constructor(options: DocumentOptions<T>) {
    this.name = options.name;
    this.url = options.url;
    this.maxBytes = options.maxBytes;
    this.#parse = options.parse;
  }

  get value(): T | undefined {
    return this.#value;
  }

  /** Takes the content if it makes sense; otherwise throws, and what was known stays. */
  take(content: Buffer): void {
    if (this.#content?.equals(content) === true) return;
    this.#value = this.#parse(content);
    this.#content = content;
    this.changed = true;
    this.cached = false;
  }
}
