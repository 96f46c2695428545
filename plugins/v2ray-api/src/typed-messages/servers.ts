import type { ServerEndpoint } from '../protos/shared.js';
import type { Decoded } from '../wire/message.js';
import type { AccountUser } from './protocol.js';
import { translationOf, type Json, type Translation } from './translation.js';
import { hostOf, said } from './values.js';

/** The servers of an outbound whose users log in with a name and a password. */
export function serversOf(
  servers: readonly Decoded<typeof ServerEndpoint>[],
  account: Translation<[user: AccountUser]>,
): Json {
  return {
    servers: servers.map(({ address, port, user }) =>
      said({
        address: hostOf(address),
        port,
        users: user.map((one) => ({
          ...(one.account === undefined
            ? {}
            : translationOf([account], one.account).toJson(one.account.value, { level: 0, email: '' })),
          ...said({ level: one.level }),
        })),
      }),
    ),
  };
}
