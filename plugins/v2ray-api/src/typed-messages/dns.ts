import { DnsOutbound } from '../protos/settings.js';
import type { ProtocolTranslation } from './protocol.js';
import { translation } from './translation.js';
import { hostOf, networkName, said } from './values.js';

export const dns = {
  protocol: 'dns',
  outbound: translation(DnsOutbound, ({ server }) =>
    server === undefined
      ? {}
      : said({ network: networkName(server.network), address: hostOf(server.address), port: server.port }),
  ),
} satisfies ProtocolTranslation;
