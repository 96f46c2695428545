import type { MtprotoUser } from './users.js';

/** Users by the index under which a search knows them. Indices stay while users come and go. */
export class UserSlots {
  readonly #users: (MtprotoUser | undefined)[] = [];
  readonly #indices = new Map<MtprotoUser, number>();
  readonly #free: number[] = [];

  get size(): number {
    return this.#indices.size;
  }

  /** The only user there is, if there is just one. */
  get only(): MtprotoUser | undefined {
    if (this.#indices.size !== 1) return undefined;
    const [user] = this.#indices.keys();
    return user;
  }

  at(index: number): MtprotoUser | undefined {
    return this.#users[index];
  }

  indexOf(user: MtprotoUser): number | undefined {
    return this.#indices.get(user);
  }

  /** @returns the user's index: a free one, or the next behind the last */
  add(user: MtprotoUser): number {
    const index = this.#free.pop() ?? this.#users.length;
    this.#users[index] = user;
    this.#indices.set(user, index);
    return index;
  }

  /** @returns the index that is free now; undefined if the user is not there */
  remove(user: MtprotoUser): number | undefined {
    const index = this.#indices.get(user);
    if (index === undefined) return undefined;
    this.#indices.delete(user);
    this.#users[index] = undefined;
    this.#free.push(index);
    return index;
  }
}
