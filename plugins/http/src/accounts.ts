import { Buffer } from 'node:buffer';
import { createHmac, randomBytes } from 'node:crypto';

/** What a client without valid credentials is told (RFC 7617). */
export const CHALLENGE = 'Proxy-Authenticate: Basic realm="proxy", charset="UTF-8"\r\n';

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/**
 * Who may use an inbound. Kept and looked up as digests under a random key, so that the time of a
 * look-up tells nothing of how much of a guess was right.
 */
export class Accounts {
  readonly #key = randomBytes(32);
  readonly #users = new Map<string, string>();

  /** Of two accounts with one name the last counts, as in V2Ray. */
  constructor(accounts: readonly { readonly user: string; readonly pass: string }[]) {
    const passwords = new Map(accounts.map(({ user, pass }) => [user, pass]));
    for (const [user, pass] of passwords) this.#users.set(this.#digest(Buffer.from(`${user}:${pass}`)), user);
  }

  /** The user's name that a Proxy-Authorization value proves, or undefined. */
  find(authorization: string | undefined): string | undefined {
    const [, encoded] = BASIC.exec(authorization ?? '') ?? [];
    return this.#users.get(this.#digest(Buffer.from(encoded ?? '', 'base64')));
  }

  #digest(credentials: Buffer): string {
    return createHmac('sha256', this.#key).update(credentials).digest('base64');
  }
}

/** The value of Proxy-Authorization. */
export function basicAuthorization(user: string, pass: string): string {
  return `Basic ${Buffer.from(`${user}:${pass}`).toString('base64')}`;
}
