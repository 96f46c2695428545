import type { StreamClient } from './stream-client.js';

/** Every open dashboard has four. */
const MAX_STREAMS = 128;

/** Feeds a client from now on. @returns ends it */
export type Feed = (client: StreamClient, query: URLSearchParams) => () => void;

/** All open streams, bounded in number. */
export class Streams {
  readonly #open = new Set<StreamClient>();

  get isFull(): boolean {
    return this.#open.size >= MAX_STREAMS;
  }

  start(client: StreamClient, feed: Feed, query: URLSearchParams): void {
    this.#open.add(client);
    const stop = feed(client, query);
    client.onClose(() => {
      this.#open.delete(client);
      stop();
    });
  }

  close(): void {
    for (const client of this.#open) client.end();
  }
}

/** Runs now and then every so many ms. @returns ends it */
export function repeat(ms: number, action: () => void): () => void {
  action();
  const timer = setInterval(action, ms);
  return () => clearInterval(timer);
}
