import { SocksAccount, SocksAuthType, SocksClient, SocksServer } from '../protos/settings.js';
import { accountsOf, loginUser } from './login-account.js';
import type { AccountUser, ProtocolTranslation } from './protocol.js';
import { serversOf } from './servers.js';
import { translation } from './translation.js';
import { hostOf, said } from './values.js';

const account = translation(SocksAccount, (value, user: AccountUser) => loginUser(value, user));

export const socks = {
  protocol: 'socks',
  inbound: translation(SocksServer, (config) =>
    said({
      auth: config.authType === SocksAuthType.values.PASSWORD ? 'password' : 'noauth',
      accounts: accountsOf(config.accounts),
      udp: config.udpEnabled,
      ip: hostOf(config.address),
      userLevel: config.userLevel,
      timeout: config.timeout,
    }),
  ),
  outbound: translation(SocksClient, ({ server }) => serversOf(server, account)),
  account,
} satisfies ProtocolTranslation;
