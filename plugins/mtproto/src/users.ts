import { SluiceError, type Endpoint, type User } from '@sluice/plugin-api';
import type { Buffer } from 'node:buffer';
import type { ClientHello } from './fake-tls/client-hello.js';
import { HelloSearch, type HelloSearchRun } from './fake-tls/hello-search.js';
import type { LimitSettings } from './limits/limit-settings.js';
import { openHeader, type ClientLayer } from './obfuscation/client-layer.js';
import type { Framing } from './obfuscation/header.js';
import { SecretSearch, type SecretSearchRun } from './obfuscation/secret-search.js';
import type { Secret, SecretMode } from './secret.js';

export interface MtprotoUser extends User {
  readonly secret: Secret;
  /** Undefined for a user without any. */
  readonly limits?: LimitSettings | undefined;
  /** 16 bytes. */
  readonly adTag?: Buffer | undefined;
}

/** Whose header it is, and what it says. */
export interface OpenedBy {
  readonly user: MtprotoUser;
  readonly client: ClientLayer;
}

/** What an inbound lets its users do. */
export interface Accepted {
  readonly modes: ReadonlySet<SecretMode>;
  /** The server names under which users with a plain secret may use fake TLS. */
  readonly serverNames: readonly string[];
}

/** Source addresses whose last user is remembered; beyond that the oldest is forgotten. */
const MAX_REMEMBERED = 4096;

/** The users of an inbound. */
export class Users {
  /** Those that may come without TLS. */
  readonly #bare: readonly MtprotoUser[];
  readonly #secrets: SecretSearch;
  /** Those that may come with TLS. */
  readonly inTls: readonly MtprotoUser[];
  readonly #indexInTls: ReadonlyMap<MtprotoUser, number>;
  readonly #hellos: HelloSearch;
  readonly #serverNames: ReadonlySet<string>;
  readonly #modes: ReadonlySet<SecretMode>;
  /** Clients come back: from one address it is nearly always the same user. */
  readonly #lastFrom = new Map<string, MtprotoUser>();

  constructor(users: readonly MtprotoUser[], { modes, serverNames }: Accepted = acceptedBy(users)) {
    this.#modes = modes;
    const acceptsBare = modes.has('plain') || modes.has('padded');
    this.#bare = acceptsBare ? users.filter(({ secret }) => secret.mode !== 'tls') : [];
    this.#secrets = new SecretSearch(this.#bare.map(({ secret }) => secret.key));
    this.inTls = modes.has('tls') ? users.filter(({ secret }) => secret.mode !== 'padded') : [];
    this.#indexInTls = new Map(this.inTls.map((user, index) => [user, index]));
    const named = this.inTls.map(({ secret }) => ({
      key: secret.key,
      serverNames: secret.domain === undefined ? serverNames : [secret.domain],
    }));
    this.#hellos = new HelloSearch(named);
    this.#serverNames = new Set(named.flatMap((each) => each.serverNames).map((name) => name.toLowerCase()));
  }

  /** Whether anybody may come without TLS. */
  get takeBare(): boolean {
    return this.#bare.length > 0;
  }

  /** Whether anybody may come with TLS. */
  get takeTls(): boolean {
    return this.inTls.length > 0;
  }

  /** The names under which users come with TLS, in lower case. */
  get serverNames(): ReadonlySet<string> {
    return this.#serverNames;
  }

  /**
   * Opens the header of a client without TLS as that of the only user, or of the one who came last from there.
   * @param from whose `source.address`, the client's IP, is asked for where it helps
   */
  openAtOnce(header: Buffer, from: { readonly source: Endpoint }): OpenedBy | undefined {
    const likely = this.#bare.length === 1 ? this.#bare[0] : this.#lastFrom.get(from.source.address);
    return likely === undefined || !this.mayComeBare(likely) ? undefined : openAs(likely, header);
  }

  /** Looks for the user whose secret opens a header without TLS: what it finds is for {@link openFound}. */
  searchHeader(header: Buffer): SecretSearchRun {
    return this.#secrets.start(header);
  }

  /** @param source the client's IP */
  openFound(found: number, header: Buffer, source: string): OpenedBy | undefined {
    const user = this.#bare[found];
    if (user === undefined) return undefined;
    this.remember(source, user);
    return openAs(user, header);
  }

  /** Whether there is a way without TLS for that user. */
  mayComeBare({ secret }: MtprotoUser): boolean {
    return this.takeBare && secret.mode !== 'tls';
  }

  /** Why the user may not use that framing without TLS here, if so. */
  refusal(user: MtprotoUser, framing: Framing): SluiceError | undefined {
    if (framing === 'padded' || (user.secret.mode === 'plain' && this.#modes.has('plain'))) return undefined;
    const who = user.email === undefined ? 'a user' : `user ${user.email}`;
    const where = user.secret.mode === 'padded' ? 'under a "dd" secret' : 'where only "padded" is accepted';
    return new SluiceError('E_AUTH', `a client of ${who} uses the ${framing} framing ${where}`);
  }

  /** The only user that may come with TLS, if there is just one. */
  get onlyInTls(): MtprotoUser | undefined {
    return this.inTls.length === 1 ? this.inTls[0] : undefined;
  }

  knowsName(serverName: string | undefined): boolean {
    return serverName !== undefined && this.#serverNames.has(serverName.toLowerCase());
  }

  /** Looks for the user who made a hello: what it finds is an index of {@link inTls}. @param source the client's IP */
  searchHello(hello: ClientHello, source: string): HelloSearchRun {
    const last = this.#lastFrom.get(source);
    return this.#hellos.start(hello, last === undefined ? undefined : this.#indexInTls.get(last));
  }

  remember(source: string, user: MtprotoUser): void {
    this.#lastFrom.delete(source);
    this.#lastFrom.set(source, user);
    if (this.#lastFrom.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#lastFrom.keys()) {
      this.#lastFrom.delete(oldest);
      break;
    }
  }
}

/** What is accepted where the settings do not say: what the secrets are for. */
export function acceptedBy(
  users: readonly MtprotoUser[],
  settings: { readonly modes?: readonly SecretMode[]; readonly serverNames?: readonly string[] } = {},
): Accepted {
  const { modes, serverNames = [] } = settings;
  if (modes !== undefined && modes.length > 0) return { modes: new Set(modes), serverNames };
  const found = new Set<SecretMode>();
  for (const { secret } of users) {
    if (secret.mode === 'tls') found.add('tls');
    else found.add('plain').add('padded');
  }
  if (serverNames.length > 0) found.add('tls');
  return { modes: found, serverNames };
}

function openAs(user: MtprotoUser, header: Buffer): OpenedBy | undefined {
  const client = openHeader(header, user.secret);
  return client === undefined ? undefined : { user, client };
}
