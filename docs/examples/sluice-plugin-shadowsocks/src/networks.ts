import type { Network } from '@sluice/plugin-api';
import type { InboundSettings } from './schema.js';

/** What `network` names, in lower case. */
export function namedNetworks({ network = 'tcp' }: Pick<InboundSettings, 'network'>): readonly string[] {
  const list = typeof network === 'string' ? network.split(',') : network;
  return list.map((name) => name.trim().toLowerCase());
}

/** What the inbound listens on. */
export function networksOf(settings: Pick<InboundSettings, 'network' | 'udp'>): Network[] {
  const named = namedNetworks(settings);
  if (settings.udp === true) return named.includes('tcp') || named.length === 0 ? ['tcp', 'udp'] : ['udp'];
  return (['tcp', 'udp'] as const).filter((network) => named.includes(network));
}
