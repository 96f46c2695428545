import { defineInbound, defineOutbound, definePlugin } from '@sluice/plugin-api';
import { __Name__Inbound } from './inbound.js';
import { __Name__Outbound } from './outbound.js';
import { inboundSettings, outboundSettings, type InboundSettings, type OutboundSettings } from './schema.js';

const name = '__name__';

export const inbound = defineInbound<InboundSettings>({
  description: 'A server of the protocol __name__.',
  schema: inboundSettings,
  networks: () => ['tcp'],
  create: (context) => new __Name__Inbound(context),
});

export const outbound = defineOutbound<OutboundSettings>({
  description: 'Leads TCP through a server of the protocol __name__.',
  schema: outboundSettings,
  create: (context) => new __Name__Outbound(context),
});

export default definePlugin({
  name,
  version: '0.1.0',
  description: 'The protocol __name__: server and client.',
  inbounds: { [name]: inbound },
  outbounds: { [name]: outbound },
});
