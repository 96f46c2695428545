import { Buffer } from 'node:buffer';
import { createHmac, randomBytes } from 'node:crypto';
import { SluiceError } from '@sluice/plugin-api';

/** What a client without valid credentials is told (RFC 7617). */
export const CHALLENGE = 'Proxy-Authenticate: Basic realm="proxy", charset="UTF-8"\r\n';

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

export interface Account {
  readonly user: string;
  readonly pass: string;
}

/**
 * Who may use an inbound. Kept and looked up as digests under a random key, so that the time of a
 * look-up tells nothing of how much of a guess was right.
 */
export class Accounts {
  readonly #key = randomBytes(32);
  /** Names by digest, and digests by name. */
  readonly #names = new Map<string, string>();
  readonly #digests = new Map<string, string>();
  /** Names that are not let in although they are known. */
  #barred: ReadonlySet<string> = new Set();

  /** Of two accounts with one name the last counts, as in V2Ray. */
  constructor(accounts: readonly Account[]) {
    for (const account of new Map(accounts.map((each) => [each.user, each])).values()) this.#set(account);
  }

  names(): readonly string[] {
    return [...this.#digests.keys()];
  }

  /** @throws SluiceError E_EXISTS */
  add(account: Account): void {
    if (this.#digests.has(account.user))
      throw new SluiceError('E_EXISTS', `there is an account of the name "${account.user}" already`);
    this.#set(account);
  }

  /** Whether there was one. */
  remove(name: string): boolean {
    const digest = this.#digests.get(name);
    if (digest === undefined) return false;
    this.#digests.delete(name);
    this.#names.delete(digest);
    return true;
  }

  /** The user's name that a Proxy-Authorization value proves, or undefined. */
  find(authorization: string | undefined): string | undefined {
    const [, encoded] = BASIC.exec(authorization ?? '') ?? [];
    const name = this.#names.get(this.#digest(Buffer.from(encoded ?? '', 'base64')));
    return name === undefined || this.#barred.has(name) ? undefined : name;
  }

  /** The names that are not in that list, or there with another password. */
  missingFrom(accounts: readonly Account[]): readonly string[] {
    const kept = new Set<string>();
    // The last of a name counts, so it is the one that says whether the password is the same.
    for (const account of new Map(accounts.map((each) => [each.user, each])).values())
      if (this.#names.has(this.#digest(credentialsOf(account)))) kept.add(account.user);
    return this.names().filter((name) => !kept.has(name));
  }

  /** Lets these in no more, until it is called with others. */
  bar(names: readonly string[]): void {
    this.#barred = new Set(names);
  }

  #set(account: Account): void {
    const digest = this.#digest(credentialsOf(account));
    this.#digests.set(account.user, digest);
    this.#names.set(digest, account.user);
  }

  #digest(credentials: Buffer): string {
    return createHmac('sha256', this.#key).update(credentials).digest('base64');
  }
}

function credentialsOf({ user, pass }: Account): Buffer {
  return Buffer.from(`${user}:${pass}`);
}

/** The value of Proxy-Authorization. */
export function basicAuthorization(user: string, pass: string): string {
  return `Basic ${Buffer.from(`${user}:${pass}`).toString('base64')}`;
}
