import { Dokodemo } from '../protos/settings.js';
import type { ProtocolTranslation } from './protocol.js';
import { translation } from './translation.js';
import { hostOf, networkName, said } from './values.js';

export const dokodemo = {
  protocol: 'dokodemo-door',
  inbound: translation(Dokodemo, (config) => {
    // The list in a message of its own is older.
    const networks = config.networks.length > 0 ? config.networks : (config.networkList?.network ?? []);
    return said({
      address: hostOf(config.address),
      port: config.port,
      network: networks.flatMap((network) => networkName(network) ?? []).join(','),
      timeout: config.timeout,
      followRedirect: config.followRedirect,
      userLevel: config.userLevel,
    });
  }),
} satisfies ProtocolTranslation;
