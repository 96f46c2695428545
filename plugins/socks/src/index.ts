import { defineInbound, defineOutbound, definePlugin } from '@sluice/plugin-api';
import { checkInbound, checkOutbound } from './check.js';
import { SocksInbound } from './inbound.js';
import { SocksOutbound } from './outbound.js';
import { inboundSettings, outboundSettings, type InboundSettings, type OutboundSettings } from './schema.js';

export const socksInbound = defineInbound<InboundSettings>({
  description: 'A SOCKS 4, 4A and 5 server: TCP, and UDP for clients that have asked for it.',
  schema: inboundSettings,
  check: checkInbound,
  networks: (settings) => (settings.udp === true ? ['tcp', 'udp'] : ['tcp']),
  create: (context) => new SocksInbound(context),
});

export const socksOutbound = defineOutbound<OutboundSettings>({
  description: 'Leads TCP and UDP through SOCKS 5 servers.',
  schema: outboundSettings,
  check: checkOutbound,
  create: (context) => new SocksOutbound(context),
});

export default definePlugin({
  name: 'socks',
  version: '0.1.0',
  description: 'SOCKS server and client (RFC 1928, RFC 1929, SOCKS 4 and 4A).',
  inbounds: { socks: socksInbound },
  outbounds: { socks: socksOutbound },
});
