import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { SluiceError } from './errors.js';

/** A CIDR block: 4 or 16 bytes of network address and the prefix length in bits. */
export interface Cidr {
  /** The address: 4 or 16 bytes. */
  readonly bytes: Uint8Array;
  /** How many bits of it count. */
  readonly prefix: number;
}

/** The 4 or 16 bytes of an IP; an IPv4-mapped IPv6 address gives 4. @throws E_ADDRESS_INVALID */
export function ipToBytes(text: string): Uint8Array {
  // Node's check first: ipaddr.js also takes short and octal forms that hide what is meant.
  if (isIP(text) === 0) throw new SluiceError('E_ADDRESS_INVALID', `"${text.slice(0, 64)}" is not an IP address`);
  const address = ipaddr.process(text);
  return Uint8Array.from(address.toByteArray());
}

/** The canonical text (RFC 5952 for IPv6) of 4 or 16 bytes. @throws E_ADDRESS_INVALID */
export function bytesToIp(bytes: Uint8Array): string {
  if (bytes.length !== 4 && bytes.length !== 16) {
    throw new SluiceError('E_ADDRESS_INVALID', `an IP address has 4 or 16 bytes, not ${bytes.length}`);
  }
  const address = ipaddr.fromByteArray(Array.from(bytes));
  return address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress()
    ? (address as ipaddr.IPv6).toIPv4Address().toString()
    : address.toString();
}

/** "10.0.0.0/8", or a lone IP as a block of one. Host bits are cleared. @throws E_ADDRESS_INVALID */
export function parseCidr(text: string): Cidr {
  const slash = text.indexOf('/');
  const bytes = ipToBytes(slash < 0 ? text : text.slice(0, slash));
  const bits = bytes.length * 8;
  const prefixText = slash < 0 ? String(bits) : text.slice(slash + 1);
  const prefix = Number(prefixText);
  if (!/^\d{1,3}$/.test(prefixText) || prefix > bits) {
    throw new SluiceError('E_ADDRESS_INVALID', `"${text.slice(0, 64)}": the prefix must be 0 to ${bits}`);
  }
  for (let i = 0; i < bytes.length; i += 1) {
    const keep = Math.min(8, Math.max(0, prefix - i * 8));
    bytes[i] = (bytes[i] as number) & (0xff << (8 - keep));
  }
  return { bytes, prefix };
}
