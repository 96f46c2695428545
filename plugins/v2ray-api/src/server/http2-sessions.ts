import type { ServerHttp2Session } from 'node:http2';

/** How often is looked: a session without a call since is closed, one with calls asked whether it is alive; in ms. */
const QUIET_MS = 120_000;
/** Ending calls have this long to tell their clients; in ms. */
const GRACE_MS = 500;

/** The open HTTP/2 connections: their number is bounded, and dead ones are found. */
export class Http2Sessions {
  readonly #open = new Set<ServerHttp2Session>();
  readonly #max: number;
  readonly #quietMs: number;

  constructor(max: number, quietMs = QUIET_MS) {
    this.#max = max;
    this.#quietMs = quietMs;
  }

  add(session: ServerHttp2Session): void {
    if (this.#open.size >= this.#max) {
      session.destroy();
      return;
    }
    this.#open.add(session);
    let calls = 0;
    let isQuiet = true;
    session.on('stream', (stream) => {
      calls += 1;
      isQuiet = false;
      stream.once('close', () => (calls -= 1));
    });
    let isAsked = false;
    const look = setInterval(() => {
      if (calls > 0 && isAsked) session.destroy();
      else if (calls > 0) {
        isAsked = true;
        session.ping((error) => {
          isAsked = error !== null;
        });
      } else if (isQuiet) session.close();
      isQuiet = true;
    }, this.#quietMs);
    look.unref();
    session.once('close', () => {
      clearInterval(look);
      this.#open.delete(session);
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
