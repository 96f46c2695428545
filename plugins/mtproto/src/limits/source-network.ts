import { isIP } from 'node:net';
import { bytesToIp, ipToBytes, unmapIPv4 } from '@sluice/plugin-api';

/**
 * What counts as one source: an IPv4 address, an IPv6 /64 (what one household or phone is given, RFC
 * 6177), or whatever else a source is called, such as the path of a Unix socket.
 */
export function sourceNetwork(address: string): string {
  const ip = unmapIPv4(address);
  // IPv4 as it stands: it has one spelling.
  if (isIP(ip) !== 6) return ip;
  const zone = ip.indexOf('%');
  const bytes = ipToBytes(zone < 0 ? ip : ip.slice(0, zone));
  return bytesToIp(bytes.length === 4 ? bytes : bytes.fill(0, 8));
}
