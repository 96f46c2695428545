import { defineInbound, defineOutbound, definePlugin } from '@sluice/plugin-api';
import { __Name__Inbound } from './inbound.js';
import { __Name__Outbound } from './outbound.js';
import { inboundSettings, outboundSettings, type InboundSettings, type OutboundSettings } from './schema.js';

const name = '__name__';

export const inbound = defineInbound<InboundSettings>({
  description: 'Takes the transport __name__ off, and leads on what is in it.',
  schema: inboundSettings,
  networks: () => ['tcp'],
  create: (context) => new __Name__Inbound(context),
});

export const outbound = defineOutbound<OutboundSettings>({
  description: 'Puts the transport __name__ on what is dialled through it.',
  schema: outboundSettings,
  create: (context) => new __Name__Outbound(context),
});

export default definePlugin({
  name,
  version: '0.1.0',
  description: 'The transport __name__: both ends.',
  inbounds: { [name]: inbound },
  outbounds: { [name]: outbound },
});
