import { defineInbound, definePlugin } from '@sluice/plugin-api';
import { checkSettings } from './check.js';
import { DokodemoInbound } from './inbound.js';
import { parseNetworks } from './networks.js';
import { dokodemoSettings, type DokodemoSettings } from './schema.js';

export const dokodemoInbound = defineInbound<DokodemoSettings>({
  description: 'Passes every connection and packet on to one configured target.',
  schema: dokodemoSettings,
  check: checkSettings,
  networks: ({ network }) => parseNetworks(network),
  create: (context) => new DokodemoInbound(context),
});

export default definePlugin({
  name: 'dokodemo-door',
  version: '0.1.0',
  description: 'A door to one target: forwards a port, over TCP and UDP.',
  inbounds: { 'dokodemo-door': dokodemoInbound },
});
