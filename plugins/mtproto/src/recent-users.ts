import type { MtprotoUser } from './users.js';

/** Source addresses whose last user is remembered; beyond that the oldest is forgotten. */
const MAX_REMEMBERED = 4096;

/** Clients come back: from one address it is nearly always the same user. */
export class RecentUsers {
  readonly #bySource = new Map<string, MtprotoUser>();

  /** May be one who is gone. @param source the client's IP */
  of(source: string): MtprotoUser | undefined {
    return this.#bySource.get(source);
  }

  remember(source: string, user: MtprotoUser): void {
    this.#bySource.delete(source);
    this.#bySource.set(source, user);
    if (this.#bySource.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#bySource.keys();
    if (oldest !== undefined) this.#bySource.delete(oldest);
  }

  /** The oldest first. */
  [Symbol.iterator](): Iterator<[source: string, user: MtprotoUser]> {
    return this.#bySource.entries();
  }
}
