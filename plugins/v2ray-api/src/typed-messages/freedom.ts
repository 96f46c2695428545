import { formatHostPort } from '@sluice/plugin-api';
import { Freedom } from '../protos/settings.js';
import type { ProtocolTranslation } from './protocol.js';
import { translation } from './translation.js';
import { hostOf, said } from './values.js';

/** By V2Ray's number. */
const strategies = ['AsIs', 'UseIP', 'UseIPv4', 'UseIPv6'];

export const freedom = {
  protocol: 'freedom',
  outbound: translation(Freedom, (config) => {
    const server = config.destinationOverride?.server;
    return said({
      // A number of no meaning is passed on as it is, so that it is refused like any wrong value.
      domainStrategy: strategies[config.domainStrategy] ?? String(config.domainStrategy),
      redirect: server === undefined ? undefined : formatHostPort(hostOf(server.address) ?? '', server.port),
      timeout: config.timeout,
      userLevel: config.userLevel,
    });
  }),
} satisfies ProtocolTranslation;
