import { isIP } from 'node:net';
import { SluiceError } from './errors.js';

/** What carries it: a stream or packets. */
export type Network = 'tcp' | 'udp';
/** What a host is: an IP address, a name, or the path of a Unix socket. */
export type HostType = 'ipv4' | 'ipv6' | 'domain' | 'unix';

/** Where a packet or connection comes from, or where we listen. A Unix socket has port 0. */
export interface Endpoint {
  /** An IP in canonical text form, or a Unix socket path. */
  readonly address: string;
  /** 0 to 65535; 0 for a Unix socket. */
  readonly port: number;
}

/** Where a connection or packet is to go. `host` is an IP, a lower-case domain or a socket path. */
export interface Destination {
  readonly network: Network;
  readonly type: HostType;
  /** An IP address in canonical form, a name, or the path of a Unix socket. */
  readonly host: string;
  /** 0 to 65535; 0 for a Unix socket. */
  readonly port: number;
}

const MAX_DOMAIN = 255;
// Anything a resolver could misread or a log line could be forged with stays out.
const FORBIDDEN_IN_DOMAIN = /[\s\0/\\@?#[\]"'<>`]|[\u0000-\u001f\u007f]/;

/** "::ffff:1.2.3.4" as "1.2.3.4"; any other text as it is. */
export function unmapIPv4(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** What a host is by how it is written; whatever is no IP address and no path counts as a name. */
export function hostType(host: string): HostType {
  const family = isIP(host);
  if (family === 4) return 'ipv4';
  if (family === 6) return 'ipv6';
  return host.startsWith('/') || host.startsWith('@') ? 'unix' : 'domain';
}

/**
 * A checked destination. IPv6 may stand in brackets; a domain is lower-cased and may be 255 bytes.
 * @throws SluiceError E_ADDRESS_INVALID
 */
export function destination(network: Network, host: string, port: number): Destination {
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new SluiceError('E_ADDRESS_INVALID', `port ${port} is not between 0 and 65535`);
  }
  let name = host;
  if (name.startsWith('[') && name.endsWith(']')) name = name.slice(1, -1);
  name = unmapIPv4(name);
  const type = hostType(name);
  if (type === 'domain') {
    if (name.length === 0 || name.length > MAX_DOMAIN || FORBIDDEN_IN_DOMAIN.test(name)) {
      throw new SluiceError('E_ADDRESS_INVALID', 'the host is neither an IP address nor a domain name');
    }
    name = name.toLowerCase();
  }
  return { network, type, host: name, port };
}

/**
 * "host:port", "[v6]:port" or a Unix path.
 * @throws SluiceError E_ADDRESS_INVALID
 */
export function parseDestination(network: Network, text: string): Destination {
  if (text.startsWith('/') || text.startsWith('@')) return destination(network, text, 0);
  const colon = text.lastIndexOf(':');
  const portText = text.slice(colon + 1);
  if (colon < 0 || !/^\d{1,5}$/.test(portText)) {
    throw new SluiceError('E_ADDRESS_INVALID', 'the address has no port: write host:port');
  }
  const host = text.slice(0, colon);
  if (host.includes(':') && !host.startsWith('[')) {
    throw new SluiceError('E_ADDRESS_INVALID', 'write an IPv6 address with a port as [address]:port');
  }
  return destination(network, host, Number(portText));
}

/** "host:port" with IPv6 in brackets; a Unix path as it is. */
export function formatHostPort(host: string, port: number): string {
  if (host.startsWith('/') || host.startsWith('@')) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** "tcp:example.org:443", V2Ray's way to write a destination. */
export function formatDestination(dest: Destination): string {
  return `${dest.network}:${formatHostPort(dest.host, dest.port)}`;
}

/** As people write it: "192.0.2.1:443", "[2001:db8::1]:443". */
export function formatEndpoint(endpoint: Endpoint): string {
  return formatHostPort(endpoint.address, endpoint.port);
}
