import { defineOutbound, definePlugin } from '@sluice/plugin-api';
import { BlackholeOutbound } from './outbound.js';
import { blackholeSettings, type BlackholeSettings } from './schema.js';

export const blackholeOutbound = defineOutbound<BlackholeSettings>({
  description: 'Takes connections and packets and leads them nowhere; for blocking by routing rules.',
  schema: blackholeSettings,
  create: (context) => new BlackholeOutbound(context),
});

export default definePlugin({
  name: 'blackhole',
  version: '0.1.0',
  description: 'The way to nowhere: blocks what is routed to it.',
  outbounds: { blackhole: blackholeOutbound },
});
