import { SluiceError, type Endpoint, type User } from '@sluice/plugin-api';
import type { Buffer } from 'node:buffer';
import { acceptedBy, modesFor, type Accepted } from './accepted.js';
import type { ClientHello } from './fake-tls/client-hello.js';
import { HelloSearch, type HelloSearchRun } from './fake-tls/hello-search.js';
import type { LimitSettings } from './limits/limit-settings.js';
import { openHeader, type ClientLayer } from './obfuscation/client-layer.js';
import type { Framing } from './obfuscation/header.js';
import { SecretSearch, type SecretSearchRun } from './obfuscation/secret-search.js';
import { RecentUsers } from './recent-users.js';
import type { Secret, SecretMode } from './secret.js';
import { UserSlots } from './user-slots.js';

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

/** The users of an inbound. They may come and go while searches among them are under way. */
export class Users {
  readonly #modesGrow: boolean;
  /** The names for plain secrets, in lower case. */
  readonly #plainNames: readonly string[];
  /** Never fewer than at first: who is gone must not show by how strangers are treated. */
  readonly #modes: Set<SecretMode>;
  readonly #byKey = new Map<string, MtprotoUser>();
  readonly #byEmail = new Map<string, Set<MtprotoUser>>();
  /** Those that may come without TLS. */
  readonly #bare = new UserSlots();
  readonly #secrets = new SecretSearch();
  /** Those that may come with TLS. */
  readonly #inTls = new UserSlots();
  readonly #hellos = new HelloSearch();
  /** How many users come under each name, in lower case. */
  readonly #names = new Map<string, number>();
  readonly #recent = new RecentUsers();
  #takeBare = false;
  #takeTls = false;

  constructor(users: readonly MtprotoUser[], accepted: Accepted = acceptedBy(users)) {
    this.#modesGrow = accepted.isInferred === true;
    this.#plainNames = [...new Set(accepted.serverNames.map((name) => name.toLowerCase()))];
    this.#modes = new Set(accepted.modes);
    for (const user of users) this.add(user);
  }

  *[Symbol.iterator](): Iterator<MtprotoUser> {
    yield* this.#byKey.values();
  }

  /** Handshakes that begin from now on may be the user's. */
  add(user: MtprotoUser): void {
    const { email = '', secret } = user;
    if (this.#modesGrow) for (const mode of modesFor(secret.mode)) this.#modes.add(mode);
    this.#byKey.set(nameOf(secret.key), user);
    if (email !== '') this.#byEmail.set(email, (this.#byEmail.get(email) ?? new Set()).add(user));
    if (secret.mode !== 'tls') this.#secrets.set(this.#bare.add(user), secret.key);
    if (secret.mode !== 'padded') {
      const serverNames = this.namesOf(user);
      this.#hellos.set(this.#inTls.add(user), { key: secret.key, serverNames });
      for (const name of serverNames) this.#names.set(name, (this.#names.get(name) ?? 0) + 1);
    }
    this.#takeBare ||= this.#bare.size > 0 && (this.#modes.has('plain') || this.#modes.has('padded'));
    this.#takeTls ||= this.#inTls.size > 0 && this.#modes.has('tls');
  }

  /** Handshakes of the user are a stranger's from now on, those under way too. */
  remove(user: MtprotoUser): void {
    if (!this.has(user)) return;
    const { email = '', secret } = user;
    this.#byKey.delete(nameOf(secret.key));
    const namesakes = this.#byEmail.get(email);
    if (namesakes?.delete(user) === true && namesakes.size === 0) this.#byEmail.delete(email);
    const bare = this.#bare.remove(user);
    if (bare !== undefined) this.#secrets.clear(bare);
    const inTls = this.#inTls.remove(user);
    if (inTls === undefined) return;
    const serverNames = this.namesOf(user);
    this.#hellos.clear(inTls, serverNames);
    for (const name of serverNames) {
      const left = (this.#names.get(name) ?? 0) - 1;
      if (left > 0) this.#names.set(name, left);
      else this.#names.delete(name);
    }
  }

  has(user: MtprotoUser): boolean {
    return this.#byKey.get(nameOf(user.secret.key)) === user;
  }

  /** @param key of a secret, 16 bytes */
  ofKey(key: Buffer): MtprotoUser | undefined {
    return this.#byKey.get(nameOf(key));
  }

  ofEmail(email: string): readonly MtprotoUser[] {
    return [...(this.#byEmail.get(email) ?? [])];
  }

  emails(): readonly string[] {
    return [...this.#byEmail.keys()];
  }

  /** Whether anybody may come without TLS. */
  get takeBare(): boolean {
    return this.#takeBare;
  }

  /** Whether anybody may come with TLS. */
  get takeTls(): boolean {
    return this.#takeTls;
  }

  /** The names under which users come with TLS, in lower case. */
  get serverNames(): ReadonlySet<string> {
    return new Set(this.#names.keys());
  }

  /** The names under which that user may come with TLS, in lower case. */
  namesOf({ secret: { mode, domain } }: MtprotoUser): readonly string[] {
    if (mode === 'padded') return NO_NAMES;
    return domain === undefined ? this.#plainNames : [domain];
  }

  /**
   * Opens the header of a client without TLS as that of the only user, or of the one who came last from there.
   * @param from whose `source.address`, the client's IP, is asked for where it helps
   */
  openAtOnce(header: Buffer, from: { readonly source: Endpoint }): OpenedBy | undefined {
    const likely = this.#bare.only ?? this.#recentUser(from.source.address);
    return likely === undefined || !this.mayComeBare(likely) ? undefined : openAs(likely, header);
  }

  /** Looks for the user whose secret opens a header without TLS: what it finds is for {@link openFound}. */
  searchHeader(header: Buffer): SecretSearchRun {
    return this.#secrets.start(header);
  }

  /** @param source the client's IP */
  openFound(found: number, header: Buffer, source: string): OpenedBy | undefined {
    const user = this.#bare.at(found);
    // Opened once more: another user may have come to that place since.
    const opened = user === undefined ? undefined : openAs(user, header);
    if (opened !== undefined) this.#recent.remember(source, opened.user);
    return opened;
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
    return this.#inTls.only;
  }

  knowsName(serverName: string | undefined): boolean {
    return serverName !== undefined && this.#names.has(serverName.toLowerCase());
  }

  /** Looks for the user who made a hello: what it finds is for {@link foundInTls}. @param source the client's IP */
  searchHello(hello: ClientHello, source: string): HelloSearchRun {
    const last = this.#recentUser(source);
    return this.#hellos.start(hello, last === undefined ? undefined : this.#inTls.indexOf(last));
  }

  /**
   * Who is found may be another than was searched for, if users have come and gone since: the caller
   * has to look at the hello's proof once more.
   * @param source the client's IP
   */
  foundInTls(found: number, { serverName = '' }: ClientHello, source: string): MtprotoUser | undefined {
    const user = this.#inTls.at(found);
    if (user === undefined || !this.namesOf(user).includes(serverName.toLowerCase())) return undefined;
    this.#recent.remember(source, user);
    return user;
  }

  /** Takes over from where users have come, as far as their secrets are known here. */
  recall(previous: Users): void {
    for (const [source, { secret }] of previous.#recent) {
      const user = this.ofKey(secret.key);
      if (user !== undefined) this.#recent.remember(source, user);
    }
  }

  #recentUser(source: string): MtprotoUser | undefined {
    const user = this.#recent.of(source);
    return user !== undefined && this.has(user) ? user : undefined;
  }
}

const NO_NAMES: readonly string[] = [];

function nameOf(key: Buffer): string {
  return key.toString('latin1');
}

function openAs(user: MtprotoUser, header: Buffer): OpenedBy | undefined {
  const client = openHeader(header, user.secret);
  return client === undefined ? undefined : { user, client };
}
