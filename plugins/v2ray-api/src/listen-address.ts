import { isIP } from 'node:net';
import { parseDestination, SluiceError } from '@sluice/plugin-api';

export interface ListenAddress {
  /** An IP. */
  readonly host: string;
  readonly port: number;
}

/** "127.0.0.1:10085", "[::1]:10085", "localhost:10085". @throws SluiceError E_ADDRESS_INVALID */
export function parseListenAddress(text: string): ListenAddress {
  const { host, port, type } = parseDestination('tcp', text);
  if (host === 'localhost') return { host: '127.0.0.1', port };
  if (type === 'ipv4' || type === 'ipv6') return { host, port };
  throw new SluiceError('E_ADDRESS_INVALID', 'the address must be an IP or "localhost", as in "127.0.0.1:10085"');
}

/** Whether only programs on this machine reach it. */
export function isLoopback({ host }: ListenAddress): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
