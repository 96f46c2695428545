import { isIP } from 'node:net';
import { SluiceError } from '@sluice/plugin-api';

export interface ControllerAddress {
  /** An IP; undefined for all addresses. */
  readonly host: string | undefined;
  readonly port: number;
  /** Reachable from this machine alone. */
  readonly isLoopback: boolean;
}

export function isLoopbackAddress(ip: string): boolean {
  return ip === '::1' || (isIP(ip) === 4 && ip.startsWith('127.'));
}

/**
 * "127.0.0.1:9090", "[::1]:9090", "localhost:9090", ":9090" (all addresses).
 * @throws SluiceError E_ADDRESS_INVALID
 */
export function parseControllerAddress(text: string): ControllerAddress {
  const colon = text.lastIndexOf(':');
  const portText = text.slice(colon + 1);
  const port = Number(portText);
  if (colon < 0 || !/^\d{1,5}$/.test(portText) || port > 65535) {
    throw new SluiceError('E_ADDRESS_INVALID', 'write the address with its port, as in "127.0.0.1:9090"');
  }
  const hostText = text.slice(0, colon);
  if (hostText === '' || hostText === '*') return { host: undefined, port, isLoopback: false };
  if (hostText.toLowerCase() === 'localhost') return { host: '127.0.0.1', port, isLoopback: true };
  const isBracketed = hostText.startsWith('[') && hostText.endsWith(']');
  const host = isBracketed ? hostText.slice(1, -1) : hostText;
  const family = isIP(host);
  if (family === 0 || (family === 6) !== isBracketed) {
    throw new SluiceError(
      'E_ADDRESS_INVALID',
      'the address must be an IP (IPv6 in brackets) or "localhost", as in "127.0.0.1:9090"',
    );
  }
  return { host, port, isLoopback: isLoopbackAddress(host) };
}
