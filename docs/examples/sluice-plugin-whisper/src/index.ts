import { defineInbound, defineOutbound, definePlugin } from '@sluice/plugin-api';
import { heartbeat } from './heartbeat.js';
import { hoursMatcher, hoursRule } from './hours.js';
import { WhisperInbound } from './inbound.js';
import { WhisperOutbound } from './outbound.js';
import { passwordCommand } from './password.js';
import { quietest } from './quietest.js';
import { murmur } from './murmur.js';
import { inboundSettings, outboundSettings, type InboundSettings, type OutboundSettings } from './schema.js';
import { whisperSniffer } from './sniffer.js';

export const whisperInbound = defineInbound<InboundSettings>({
  description: 'A server of the toy protocol whisper.',
  schema: inboundSettings,
  networks: () => ['tcp'],
  create: (context) => new WhisperInbound(context),
});

export const whisperOutbound = defineOutbound<OutboundSettings>({
  description: 'Leads TCP through a whisper server.',
  schema: outboundSettings,
  create: (context) => new WhisperOutbound(context),
});

export default definePlugin({
  name: 'whisper',
  version: '0.1.0',
  description: 'A toy protocol, and one of every other kind that fits into a few lines.',
  inbounds: { whisper: whisperInbound },
  outbounds: { whisper: whisperOutbound },
  transports: { murmur },
  ruleTypes: { hours: hoursRule },
  ruleMatchers: { hours: hoursMatcher },
  services: { heartbeat },
  sniffers: { whisper: whisperSniffer },
  balancerStrategies: { quietest },
  commands: [passwordCommand],
});
