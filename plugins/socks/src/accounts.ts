import { Buffer } from 'node:buffer';
import { createHmac, randomBytes } from 'node:crypto';
import { SluiceError, type User } from '@sluice/plugin-api';
import type { Credentials } from './codec.js';

export interface Account {
  readonly user: string;
  readonly pass: string;
}

/**
 * Who may use an inbound. Kept and looked up as digests under a random key, so that how long a
 * look-up takes says nothing about how much of a guessed name or password was right.
 */
export class Accounts {
  readonly #key = randomBytes(32);
  readonly #level: number;
  readonly #users = new Map<string, User>();
  readonly #digests = new Map<string, string>();
  /** Names that are not let in although they are known. */
  #barred: ReadonlySet<string> = new Set();

  /** Of two accounts with one name the last counts, as in V2Ray. */
  constructor(accounts: readonly Account[], level: number) {
    this.#level = level;
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
    this.#users.delete(digest);
    return true;
  }

  /** The user whom the credentials prove, or undefined. */
  find(credentials: Credentials): User | undefined {
    const user = this.#users.get(this.#digest(credentials));
    return user?.email === undefined || this.#barred.has(user.email) ? undefined : user;
  }

  /** The names that are not in that list, or there with another password. */
  missingFrom(accounts: readonly Account[]): readonly string[] {
    const kept = new Set<string>();
    // The last of a name counts, so it is the one that says whether the password is the same.
    for (const account of new Map(accounts.map((each) => [each.user, each])).values())
      if (this.#users.has(this.#digest(credentialsOf(account)))) kept.add(account.user);
    return this.names().filter((name) => !kept.has(name));
  }

  /** Lets these in no more, until it is called with others. */
  bar(names: readonly string[]): void {
    this.#barred = new Set(names);
  }

  #set(account: Account): void {
    const digest = this.#digest(credentialsOf(account));
    this.#digests.set(account.user, digest);
    this.#users.set(digest, { email: account.user, level: this.#level });
  }

  #digest({ user, pass }: Credentials): string {
    // The lengths keep ("ab", "c") and ("a", "bc") apart.
    const size = Buffer.from([user.length >> 8, user.length & 0xff]);
    return createHmac('sha256', this.#key).update(size).update(user).update(pass).digest('base64');
  }
}

function credentialsOf({ user, pass }: Account): Credentials {
  return { user: Buffer.from(user), pass: Buffer.from(pass) };
}
