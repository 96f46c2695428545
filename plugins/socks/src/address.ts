import { Buffer, isUtf8 } from 'node:buffer';
import {
  bytesToIp,
  destination,
  hostType,
  ipToBytes,
  SluiceError,
  type Destination,
  type Network,
} from '@sluice/plugin-api';

/** RFC 1928 section 5: the kinds of address. */
const IPV4 = 1;
const DOMAIN = 3;
const IPV6 = 4;

/** What a parser has found at the start of its input, and how many bytes it took. */
export interface Parsed<T> {
  readonly value: T;
  readonly length: number;
}

/** A host as it stands on the wire (an IP in text form, or a name) with its port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * ATYP, address and port from `at` on; null means "more bytes are needed".
 * @throws SluiceError E_PROTOCOL for another kind of address, E_ADDRESS_INVALID for a name that is no text
 */
export function parseAddress(bytes: Buffer, at: number): Parsed<HostPort> | null {
  if (bytes.length < at + 1) return null;
  const type = bytes[at];
  if (type === IPV4) {
    if (bytes.length < at + 7) return null;
    const host = `${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}.${bytes[at + 4]}`;
    return { value: { host, port: bytes.readUInt16BE(at + 5) }, length: 7 };
  }
  if (type === IPV6) {
    if (bytes.length < at + 19) return null;
    const host = bytesToIp(bytes.subarray(at + 1, at + 17));
    return { value: { host, port: bytes.readUInt16BE(at + 17) }, length: 19 };
  }
  if (type !== DOMAIN) {
    throw new SluiceError('E_PROTOCOL', 'the kind of address (ATYP) is none of 1, 3 and 4', { details: { reply: 8 } });
  }
  const size = bytes[at + 1];
  if (size === undefined || bytes.length < at + 4 + size) return null;
  const host = parseName(bytes.subarray(at + 2, at + 2 + size));
  return { value: { host, port: bytes.readUInt16BE(at + 2 + size) }, length: 4 + size };
}

/** A host name's bytes as text. @throws SluiceError E_ADDRESS_INVALID */
export function parseName(bytes: Buffer): string {
  if (bytes.length === 0 || !isUtf8(bytes)) {
    throw new SluiceError('E_ADDRESS_INVALID', 'the host is neither an IP address nor a domain name');
  }
  return bytes.toString('utf8');
}

/** ATYP, address and port. @throws SluiceError E_ADDRESS_INVALID if the name has no room in a request */
export function formatAddress(host: string, port: number): Buffer {
  const type = hostType(host);
  const name = type === 'ipv4' || type === 'ipv6' ? ipToBytes(host) : Buffer.from(host, 'utf8');
  const isName = type !== 'ipv4' && type !== 'ipv6';
  if (isName && (name.length === 0 || name.length > 255 || type === 'unix')) {
    throw new SluiceError('E_ADDRESS_INVALID', 'SOCKS carries IP addresses and names of 1 to 255 bytes only');
  }
  const head = isName ? [DOMAIN, name.length] : [name.length === 4 ? IPV4 : IPV6];
  return Buffer.from([...head, ...name, port >> 8, port & 0xff]);
}

/**
 * What a stranger asked for, as a destination. A name that would lead to a Unix socket is refused:
 * it would open this machine's own services to the network.
 * @throws SluiceError E_ADDRESS_INVALID
 */
export function requested(network: Network, { host, port }: HostPort): Destination {
  const to = destination(network, host, port);
  if (to.type === 'unix') {
    throw new SluiceError('E_ADDRESS_INVALID', 'the host is neither an IP address nor a domain name');
  }
  return to;
}
