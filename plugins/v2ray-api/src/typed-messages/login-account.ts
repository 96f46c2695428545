import { SluiceError } from '@sluice/plugin-api';
import type { AccountUser } from './protocol.js';
import type { Json } from './translation.js';

/**
 * A user who logs in with a name and a password. The name is what rules, counters and removals know them by.
 * @throws SluiceError E_CONFIG_INVALID
 */
export function loginUser(
  { username, password }: { readonly username: string; readonly password: string },
  { email }: AccountUser,
): Json {
  if (email !== '' && username !== '' && email !== username) {
    throw new SluiceError(
      'E_CONFIG_INVALID',
      "the protocol's users are known by the account's username: leave the user's email empty, or let it be the same",
    );
  }
  return { user: username === '' ? email : username, pass: password };
}

/** The accounts of an inbound, sorted: the message has them in no order. */
export function accountsOf(passwords: Readonly<Record<string, string>>): Json[] {
  return Object.entries(passwords)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([user, pass]) => ({ user, pass }));
}
