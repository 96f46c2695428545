import { defineOutbound, definePlugin, destination, toSluiceError } from '@sluice/plugin-api';
import { DnsOutbound } from './outbound.js';
import { dnsSettings, type DnsOutboundSettings } from './schema.js';

export const dnsOutbound = defineOutbound<DnsOutboundSettings>({
  description: "Answers questions for addresses from the instance's own DNS, and passes others on.",
  schema: dnsSettings,
  check({ address = '', port = 0 }, problems) {
    if (Number(port) > 65_535) problems.error(['port'], `port ${port} is not between 0 and 65535`);
    if (address === '') return;
    try {
      if (destination('udp', address, 0).type === 'unix')
        problems.error(['address'], 'must be an IP address or a domain, not a path');
    } catch (error) {
      problems.error(['address'], toSluiceError(error).message);
    }
  },
  create: (context) => new DnsOutbound(context),
});

export default definePlugin({
  name: 'dns',
  version: '0.1.0',
  description: "Answers DNS traffic from the instance's own DNS.",
  outbounds: { dns: dnsOutbound },
});
