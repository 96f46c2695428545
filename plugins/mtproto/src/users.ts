import type { Endpoint, User } from '@sluice/plugin-api';
import { openHeader, type ClientLayer } from './obfuscation/client-layer.js';
import { SecretSearch } from './obfuscation/secret-search.js';
import type { Secret } from './secret.js';

export interface MtprotoUser extends User {
  readonly secret: Secret;
}

/** Whose header it is, and what it says. */
export interface OpenedBy {
  readonly user: MtprotoUser;
  readonly client: ClientLayer;
}

/** Source addresses whose last user is remembered; beyond that the oldest is forgotten. */
const MAX_REMEMBERED = 4096;

/** The users of an inbound. */
export class Users {
  readonly #users: readonly MtprotoUser[];
  readonly #secrets: SecretSearch;
  /** Clients come back: from one address it is nearly always the same user. */
  readonly #lastFrom = new Map<string, MtprotoUser>();

  constructor(users: readonly MtprotoUser[]) {
    this.#users = users;
    this.#secrets = new SecretSearch(users.map(({ secret }) => secret.key));
  }

  /** Finds the user whose secret opens the header. @param from whose `source.address`, the client's IP, is asked for where it helps */
  open(header: Buffer, from: { readonly source: Endpoint }): OpenedBy | undefined {
    const [only] = this.#users;
    if (this.#users.length === 1 && only !== undefined) return openAs(only, header);
    const source = from.source.address;
    const last = this.#lastFrom.get(source);
    const opened = last === undefined ? undefined : openAs(last, header);
    return opened ?? this.#search(header, source);
  }

  #search(header: Buffer, source: string): OpenedBy | undefined {
    const user = this.#users[this.#secrets.find(header)];
    if (user === undefined) return undefined;
    this.#remember(source, user);
    return openAs(user, header);
  }

  #remember(source: string, user: MtprotoUser): void {
    this.#lastFrom.delete(source);
    this.#lastFrom.set(source, user);
    if (this.#lastFrom.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#lastFrom.keys()) {
      this.#lastFrom.delete(oldest);
      break;
    }
  }
}

function openAs(user: MtprotoUser, header: Buffer): OpenedBy | undefined {
  const client = openHeader(header, user.secret);
  return client === undefined ? undefined : { user, client };
}
