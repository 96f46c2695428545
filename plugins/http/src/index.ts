import { defineInbound, defineOutbound, definePlugin } from '@sluice/plugin-api';
import { checkInbound, checkOutbound } from './check.js';
import { HttpInbound } from './inbound.js';
import { HttpOutbound } from './outbound.js';
import { inboundSettings, outboundSettings, type InboundSettings, type OutboundSettings } from './schema.js';

export const httpInbound = defineInbound<InboundSettings>({
  description: 'An HTTP proxy server: CONNECT, and plain requests with keep-alive and Upgrade.',
  schema: inboundSettings,
  check: checkInbound,
  networks: () => ['tcp'],
  create: (context) => new HttpInbound(context),
});

export const httpOutbound = defineOutbound<OutboundSettings>({
  description: 'Leads TCP through HTTP proxies by CONNECT.',
  schema: outboundSettings,
  check: checkOutbound,
  create: (context) => new HttpOutbound(context),
});

export default definePlugin({
  name: 'http',
  version: '0.1.0',
  description: 'HTTP proxy server and client (RFC 9110, RFC 9112, RFC 7617).',
  inbounds: { http: httpInbound },
  outbounds: { http: httpOutbound },
});
