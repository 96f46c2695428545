import { defineInbound, defineOutbound, definePlugin } from '@sluice/plugin-api';
import { checkInbound } from './check.js';
import { doctorCommand } from './commands/doctor.js';
import { linkCommand } from './commands/link.js';
import { secretCommand } from './commands/secret.js';
import { MtprotoInbound } from './inbound.js';
import { MtprotoOutbound } from './outbound.js';
import { inboundSettings, outboundSettings, type InboundSettings, type OutboundSettings } from './schema.js';

export const mtprotoInbound = defineInbound<InboundSettings>({
  description: 'A proxy that Telegram clients connect to with a secret.',
  schema: inboundSettings,
  check: checkInbound,
  networks: () => ['tcp'],
  create: (context) => new MtprotoInbound(context),
});

export const mtprotoOutbound = defineOutbound<OutboundSettings>({
  description: "Leads the connections of mtproto inbounds to Telegram's data centres.",
  schema: outboundSettings,
  create: (context) => new MtprotoOutbound(context),
});

export default definePlugin({
  name: 'mtproto',
  version: '0.1.0',
  description:
    "Telegram's MTProto proxy protocol: plain, padded and TLS-like, any number of users with limits, any outbound.",
  inbounds: { mtproto: mtprotoInbound },
  outbounds: { mtproto: mtprotoOutbound },
  commands: [doctorCommand, linkCommand, secretCommand],
});
