import { checkedEntry, refusingReporter, type InboundUsers } from '@sluice/plugin-api';
import type { Accounts } from './accounts.js';
import { checkCredentials } from './check.js';
import { accountSchema } from './schema.js';

/** The accounts of a running inbound; an account's name stands for the e-mail. */
export class AccountUsers implements InboundUsers {
  readonly #accounts: Accounts;

  constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }

  emails(): readonly string[] {
    return this.#accounts.names();
  }

  /** @param account as in `accounts` @throws SluiceError E_CONFIG_INVALID, E_EXISTS */
  add(account: unknown): void {
    const { user, pass } = checkedEntry(accountSchema, account);
    checkCredentials(user, pass, [], refusingReporter);
    this.#accounts.add({ user, pass });
  }

  remove(name: string): boolean {
    return this.#accounts.remove(name);
  }
}
