import type { Buffer } from 'node:buffer';
import type { Link } from '@sluice/plugin-api';

/** The one answer that a request gets. */
export class Answer {
  readonly #link: Link;
  #given = false;

  constructor(link: Link) {
    this.#link = link;
  }

  /** What comes after the first is not said: the client has gone on to its payload. */
  give(bytes: Buffer): void {
    if (this.#given) return;
    this.#given = true;
    this.#link.write(bytes);
  }
}
