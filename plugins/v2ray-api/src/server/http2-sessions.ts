import type { ServerHttp2Session } from 'node:http2';

/** A session without a call for this long is closed, one with calls is asked whether it is alive; in ms. */
const QUIET_MS = 120_000;
/** Ending calls have this long to tell their clients; in ms. */
const GRACE_MS = 500;

/** The open HTTP/2 connections: their number is bounded, and dead ones are found. */
export class Http2Sessions {
  readonly #open = new Set<ServerHttp2Session>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#open.size;
  }

  add(session: ServerHttp2Session): void {
    if (this.#open.size >= this.#max) {
      session.destroy();
      return;
    }
    this.#open.add(session);
    session.once('close', () => this.#open.delete(session));
    let calls = 0;
    session.on('stream', (stream) => {
      calls += 1;
      stream.once('close', () => (calls -= 1));
    });
    let isAsked = false;
    session.setTimeout(QUIET_MS, () => {
      if (calls === 0) session.close();
      else if (isAsked) session.destroy();
      else {
        isAsked = true;
        session.ping((error) => {
          isAsked = false;
          if (error !== null) session.destroy();
        });
      }
    });
  }

  /** Lets the calls end that are ending, and closes. */
  async close(): Promise<void> {
    const open = [...this.#open].filter((session) => !session.destroyed);
    const closed = open.map((session) => new Promise<void>((resolve) => session.once('close', () => resolve())));
    for (const session of open) session.close();
    const timer = setTimeout(() => open.forEach((session) => session.destroy()), GRACE_MS);
    await Promise.all(closed);
    clearTimeout(timer);
  }
}
