import { destination, SluiceError, type ProblemReporter } from '@sluice/plugin-api';
import { namedNetworks } from './networks.js';
import type { InboundSettings, OutboundSettings } from './schema.js';

export function checkInbound(settings: InboundSettings, problems: ProblemReporter): void {
  const unknown = namedNetworks(settings).find((name) => name !== 'tcp' && name !== 'udp');
  if (unknown !== undefined) problems.error(['network'], `"${unknown}" is neither "tcp" nor "udp".`);
  checkOta(settings.ota, [], problems);
}

export function checkOutbound(settings: OutboundSettings, problems: ProblemReporter): void {
  settings.servers.forEach(({ address, ota }, index) => {
    if (!isHost(address)) problems.error(['servers', index, 'address'], 'Is neither an IP address nor a domain name.');
    checkOta(ota, ['servers', index], problems);
  });
}

function checkOta(ota: boolean | undefined, path: readonly (string | number)[], problems: ProblemReporter): void {
  if (ota === true) problems.warning([...path, 'ota'], 'Has no effect: all methods of today authenticate.');
}

function isHost(address: string): boolean {
  try {
    return destination('tcp', address, 0).type !== 'unix';
  } catch (error) {
    if (error instanceof SluiceError) return false;
    throw error;
  }
}
