import { definePlugin, type Plugin } from '@sluice/plugin-api';
import { balancerStrategies } from './balancing/strategies/index.js';
import { dnsService } from './dns/dns-service.js';
import { fakeDnsService } from './dns/fake/fake-dns-service.js';
import { dnsServers } from './dns/servers/kinds.js';
import { fieldRule } from './routing/field-rule.js';
import { bittorrentSniffer } from './sniffing/sniffers/bittorrent.js';
import { dnsSniffer } from './sniffing/sniffers/dns.js';
import { httpSniffer } from './sniffing/sniffers/http.js';
import { quicSniffer } from './sniffing/sniffers/quic.js';
import { tlsSniffer } from './sniffing/sniffers/tls.js';

/** What the core itself contributes, through the same door as every plugin. */
export const corePlugin: Plugin = definePlugin({
  name: 'core',
  version: '0.1.0',
  description: 'What the runtime itself contributes.',
  ruleTypes: { field: fieldRule },
  sniffers: {
    tls: tlsSniffer,
    http: httpSniffer,
    quic: quicSniffer,
    bittorrent: bittorrentSniffer,
    dns: dnsSniffer,
  },
  balancerStrategies,
  services: { dns: dnsService, fakedns: fakeDnsService },
  dnsServers,
});
