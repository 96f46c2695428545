import { Buffer, isUtf8 } from 'node:buffer';
import {
  bytesToIp,
  destination,
  hostType,
  ipToBytes,
  SluiceError,
  type Destination,
  type HandshakeReader,
  type Network,
} from '@sluice/plugin-api';

/** The kinds of address, as in SOCKS 5 (RFC 1928 section 5). */
const IPV4 = 1;
const DOMAIN = 3;
const IPV6 = 4;

export interface ParsedAddress {
  readonly to: Destination;
  /** How many bytes it took. */
  readonly length: number;
}

/**
 * The address that stands in front of the payload; null means "more bytes are needed".
 * @throws SluiceError E_PROTOCOL, E_ADDRESS_INVALID
 */
export function parseAddress(network: Network, bytes: Buffer): ParsedAddress | null {
  const [type, size] = bytes;
  if (type === undefined) return null;
  if (type !== IPV4 && type !== DOMAIN && type !== IPV6)
    throw new SluiceError('E_PROTOCOL', 'the kind of address is none of 1, 3 and 4');
  if (type === DOMAIN && size === undefined) return null;
  const start = type === DOMAIN ? 2 : 1;
  const end = start + (type === IPV4 ? 4 : type === IPV6 ? 16 : size!);
  if (bytes.length < end + 2) return null;
  const host = bytes.subarray(start, end);
  const to = destination(network, type === DOMAIN ? nameOf(host) : bytesToIp(host), bytes.readUInt16BE(end));
  // A name that means a Unix socket would open this machine's own services to the client.
  if (to.type === 'unix') throw new SluiceError('E_ADDRESS_INVALID', 'the host is neither an IP nor a domain');
  return { to, length: end + 2 };
}

function nameOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new SluiceError('E_ADDRESS_INVALID', 'the host is neither an IP nor a domain');
}

/** @throws SluiceError E_ADDRESS_INVALID if the host has no room in an address */
export function formatAddress(host: string, port: number): Buffer {
  const type = hostType(host);
  if (type === 'unix') throw new SluiceError('E_UNSUPPORTED', 'Shadowsocks does not lead to Unix sockets');
  const end = Buffer.from([port >> 8, port & 0xff]);
  if (type !== 'domain') {
    const ip = ipToBytes(host);
    return Buffer.concat([Buffer.from([ip.length === 4 ? IPV4 : IPV6]), ip, end]);
  }
  const name = Buffer.from(host, 'utf8');
  if (name.length === 0 || name.length > 255)
    throw new SluiceError('E_ADDRESS_INVALID', 'a name has 1 to 255 bytes in Shadowsocks');
  return Buffer.concat([Buffer.from([DOMAIN, name.length]), name, end]);
}

/**
 * Reads the address; the payload behind it stays in the reader.
 * @throws SluiceError as {@link parseAddress}; E_CONN_CLOSED, E_CONN_RESET
 */
export async function readAddress(reader: HandshakeReader): Promise<Destination> {
  // Decided within 259 bytes.
  let parsed: ParsedAddress | null = null;
  await reader.inspect((bytes) => (parsed = parseAddress('tcp', bytes)) !== null);
  const { to, length } = parsed as unknown as ParsedAddress;
  reader.skip(length);
  return to;
}
