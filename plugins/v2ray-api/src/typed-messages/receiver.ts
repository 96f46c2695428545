import { ReceiverConfig } from '../protos/settings.js';
import { streamSettings } from './stream.js';
import { translation } from './translation.js';
import { hostOf, said } from './values.js';

/** By V2Ray's number. */
const legacyOverrides = ['http', 'tls'];
const allocations = ['always', 'random', 'external'];

/** Where and how an inbound listens. */
export const receiver = translation(ReceiverConfig, (config) => {
  const { portRange: range, allocationStrategy: allocation, sniffingSettings: sniffing } = config;
  return said({
    listen: hostOf(config.listen),
    port: range && (range.From === range.To ? range.From : `${range.From}-${range.To}`),
    allocate:
      allocation && allocation.type > 0
        ? {
            strategy: allocations[allocation.type] ?? String(allocation.type),
            ...said({ concurrency: allocation.concurrency?.value, refresh: allocation.refresh?.value }),
          }
        : undefined,
    sniffing:
      sniffing !== undefined
        ? {
            enabled: sniffing.enabled,
            destOverride: sniffing.destinationOverride,
            ...said({ metadataOnly: sniffing.metadataOnly }),
          }
        : config.domainOverride.length > 0
          ? { enabled: true, destOverride: config.domainOverride.flatMap((number) => legacyOverrides[number] ?? []) }
          : undefined,
    streamSettings: streamSettings(config.streamSettings),
  });
});
