import { HttpAccount, HttpClient, HttpServer } from '../protos/settings.js';
import { accountsOf, loginUser } from './login-account.js';
import type { AccountUser, ProtocolTranslation } from './protocol.js';
import { serversOf } from './servers.js';
import { translation } from './translation.js';
import { said } from './values.js';

const account = translation(HttpAccount, (value, user: AccountUser) => loginUser(value, user));

export const http = {
  protocol: 'http',
  inbound: translation(HttpServer, (config) =>
    said({
      accounts: accountsOf(config.accounts),
      allowTransparent: config.allowTransparent,
      timeout: config.timeout,
      userLevel: config.userLevel,
    }),
  ),
  outbound: translation(HttpClient, ({ server }) => serversOf(server, account)),
  account,
} satisfies ProtocolTranslation;
