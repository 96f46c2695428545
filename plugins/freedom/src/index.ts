import { defineOutbound, definePlugin, toSluiceError } from '@sluice/plugin-api';
import { FreedomOutbound } from './outbound.js';
import { Redirect } from './redirect.js';
import { freedomSettings, type FreedomSettings } from './schema.js';

export const freedomOutbound = defineOutbound<FreedomSettings>({
  description: 'Connects to the target itself, over TCP and UDP.',
  schema: freedomSettings,
  check({ redirect = '', timeout = 0, userLevel = 0 }, problems) {
    try {
      if (redirect !== '') new Redirect(redirect);
    } catch (error) {
      problems.error(['redirect'], toSluiceError(error).message);
    }
    if (timeout > 0 && userLevel > 0) {
      problems.warning(['timeout'], 'has no effect beside userLevel: set connIdle of that policy level');
    }
  },
  create: (context) => new FreedomOutbound(context),
});

export default definePlugin({
  name: 'freedom',
  version: '0.1.0',
  description: 'The direct way out: connects to the target itself.',
  outbounds: { freedom: freedomOutbound },
});
