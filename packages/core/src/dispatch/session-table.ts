import { SluiceError } from '@sluice/plugin-api';
import type { ConnSession } from './conn-session.js';

/** The live connections of an instance. */
export class SessionTable {
  readonly #sessions = new Set<ConnSession>();
  #nextId = 1;
  #onEmpty: (() => void) | undefined;

  get size(): number {
    return this.#sessions.size;
  }

  nextId(): number {
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }

  add(session: ConnSession): void {
    this.#sessions.add(session);
  }

  /** False if the session had ended before. */
  remove(session: ConnSession): boolean {
    if (!this.#sessions.delete(session)) return false;
    session.ended = true;
    if (this.#sessions.size === 0) this.#onEmpty?.();
    return true;
  }

  /** Ends what has no relay yet, gives relays `ms` to come to their end, then ends them too. */
  async drain(ms: number): Promise<void> {
    const closing = new SluiceError('E_CLOSING', 'the instance is shutting down');
    for (const session of [...this.#sessions]) if (session.relay === undefined) session.kill(closing);
    if (this.#sessions.size > 0 && ms > 0) await this.#emptyWithin(ms);
    for (const session of [...this.#sessions]) session.kill(closing);
  }

  #emptyWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(), ms);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
