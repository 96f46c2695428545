import { Buffer } from 'node:buffer';
import { createHmac, randomBytes } from 'node:crypto';
import type { User } from '@sluice/plugin-api';
import type { Credentials } from './codec.js';

/**
 * Who may use an inbound. Kept and looked up as digests under a random key, so that how long a
 * look-up takes says nothing about how much of a guessed name or password was right.
 */
export class Accounts {
  readonly #key = randomBytes(32);
  readonly #users = new Map<string, User>();

  /** Of two accounts with one name the last counts, as in V2Ray. */
  constructor(accounts: readonly { readonly user: string; readonly pass: string }[], level: number) {
    const passwords = new Map(accounts.map(({ user, pass }) => [user, pass]));
    for (const [user, pass] of passwords) {
      this.#users.set(this.#digest({ user: Buffer.from(user), pass: Buffer.from(pass) }), { email: user, level });
    }
  }

  /** The user whom the credentials prove, or undefined. */
  find(credentials: Credentials): User | undefined {
    return this.#users.get(this.#digest(credentials));
  }

  #digest({ user, pass }: Credentials): string {
    // The lengths keep ("ab", "c") and ("a", "bc") apart.
    const size = Buffer.from([user.length >> 8, user.length & 0xff]);
    return createHmac('sha256', this.#key).update(size).update(user).update(pass).digest('base64');
  }
}
