import { definePlugin, defineService, type Service } from '@sluice/plugin-api';
import { Observatory, type ObservatoryOptions } from './observatory.js';
import { PROBE_INBOUND } from './prober.js';
import {
  burstSettings,
  multiSettings,
  observatorySettings,
  type BurstSettings,
  type MultiSettings,
  type ObservatorySettings,
} from './schema.js';
import { burstOptions, checkBurst, checkObservatory, observatoryOptions } from './settings.js';

type Observer = NonNullable<MultiSettings['observers']>[number];

export const observatoryService = defineService<ObservatorySettings>({
  description: 'Probes outbounds for balancers, and goes by the last probe of each.',
  schema: observatorySettings,
  reportsHealth: true,
  check: (settings, problems) => checkObservatory(settings, problems),
  inboundTags: () => [PROBE_INBOUND],
  create: (context) => new Observatory(context, observatoryOptions(context.settings)),
});

export const burstService = defineService<BurstSettings>({
  description: 'Probes outbounds for balancers, and goes by the last probes of each together.',
  schema: burstSettings,
  reportsHealth: true,
  check: (settings, problems) => checkBurst(settings, problems),
  inboundTags: () => [PROBE_INBOUND],
  create: (context) => new Observatory(context, burstOptions(context.settings)),
});

export const multiService = defineService<MultiSettings>({
  description: 'Probes outbounds in several ways.',
  schema: multiSettings,
  reportsHealth: true,
  check({ observers = [] }, problems) {
    for (const [index, { type, settings = {} }] of observers.entries()) {
      const check = type === 'burst' ? checkBurst : checkObservatory;
      check(settings, problems, ['observers', index, 'settings']);
    }
  },
  inboundTags: () => [PROBE_INBOUND],
  create(context): Service {
    const made = (context.settings.observers ?? []).map((one) => new Observatory(context, optionsOf(one)));
    return {
      start: () => made.forEach((one) => one.start()),
      close: () => made.forEach((one) => one.close()),
    };
  },
});

function optionsOf({ type, settings = {} }: Observer): ObservatoryOptions {
  return type === 'burst' ? burstOptions(settings) : observatoryOptions(settings);
}

export default definePlugin({
  name: 'observatory',
  version: '0.1.0',
  description: 'Probes outbounds, so that balancers know which of them live.',
  services: { observatory: observatoryService, burstObservatory: burstService, multiObservatory: multiService },
});
