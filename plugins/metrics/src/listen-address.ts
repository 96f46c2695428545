import { parseDestination, SluiceError } from '@sluice/plugin-api';

export interface ListenAddress {
  /** An IP; undefined for all addresses. */
  readonly host: string | undefined;
  readonly port: number;
  /** Reachable from this machine alone. */
  readonly isLoopback: boolean;
}

/**
 * "127.0.0.1:9100", "[::1]:9100", "localhost:9100", ":9100" (all addresses).
 * @throws SluiceError E_ADDRESS_INVALID
 */
export function parseListenAddress(text: string): ListenAddress {
  if (text.startsWith(':')) {
    return { host: undefined, port: parseDestination('tcp', `127.0.0.1${text}`).port, isLoopback: false };
  }
  const { type, host, port } = parseDestination('tcp', text);
  if (type === 'domain' && host === 'localhost') return { host: '127.0.0.1', port, isLoopback: true };
  if (type !== 'ipv4' && type !== 'ipv6') {
    throw new SluiceError('E_ADDRESS_INVALID', 'write an IP and a port, as in "127.0.0.1:9100"');
  }
  return { host, port, isLoopback: host === '::1' || (type === 'ipv4' && host.startsWith('127.')) };
}
