import { defineInbound, defineOutbound, definePlugin } from '@sluice/plugin-api';
import { checkInbound, checkOutbound } from './check.js';
import { ShadowsocksInbound } from './inbound.js';
import { networksOf } from './networks.js';
import { ShadowsocksOutbound } from './outbound.js';
import { inboundSettings, outboundSettings, type InboundSettings, type OutboundSettings } from './schema.js';

export const shadowsocksInbound = defineInbound<InboundSettings>({
  description: 'A Shadowsocks server (AEAD): TCP and UDP.',
  schema: inboundSettings,
  check: checkInbound,
  networks: networksOf,
  create: (context) => new ShadowsocksInbound(context),
});

export const shadowsocksOutbound = defineOutbound<OutboundSettings>({
  description: 'Leads TCP and UDP through Shadowsocks servers (AEAD).',
  schema: outboundSettings,
  check: checkOutbound,
  create: (context) => new ShadowsocksOutbound(context),
});

export default definePlugin({
  name: 'shadowsocks',
  version: '0.1.0',
  description: 'Shadowsocks server and client with authenticated encryption (SIP004).',
  inbounds: { shadowsocks: shadowsocksInbound },
  outbounds: { shadowsocks: shadowsocksOutbound },
});
