import { isIP } from 'node:net';
import { bytesToIp, ipToBytes, type Endpoint } from '@sluice/plugin-api';
import { V2_FIXED_LENGTH, V2_SIGNATURE } from './proxy-header.js';

const VERSION_2_PROXY = 0x21;
const UNSPECIFIED = 0x00;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;

/** Whom the proxy's own connections are from, so that nothing is counted against anybody's address. */
export const NOBODY: Endpoint = { address: '', port: 0 };

/**
 * The header that tells the next server whom a TCP connection is from; to be written before
 * anything else, in one write. One address of each family makes the IPv4 one an IPv4-mapped IPv6
 * address. Where either is no IP (a Unix socket, nobody), the header says that the addresses are unknown.
 * @param destination what the client connected to
 */
export function encodeProxyHeader(version: 1 | 2, source: Endpoint, destination: Endpoint): Buffer {
  const from = addressBytes(source);
  const to = addressBytes(destination);
  const areKnown = from !== undefined && to !== undefined;
  const isIPv4 = from?.length === 4 && to?.length === 4;
  if (version === 1) {
    if (!areKnown) return Buffer.from('PROXY UNKNOWN\r\n', 'latin1');
    const text = isIPv4 ? dotted : colonHex;
    const line = `PROXY TCP${isIPv4 ? 4 : 6} ${text(from)} ${text(to)} ${source.port} ${destination.port}\r\n`;
    return Buffer.from(line, 'latin1');
  }
  if (!areKnown) return encodeV2(UNSPECIFIED, Buffer.alloc(0));
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(source.port);
  ports.writeUInt16BE(destination.port, 2);
  const addresses = isIPv4 ? [from, to, ports] : [mapped(from), mapped(to), ports];
  return encodeV2(isIPv4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6, Buffer.concat(addresses));
}

function encodeV2(family: number, addresses: Buffer): Buffer {
  const fixed = Buffer.alloc(V2_FIXED_LENGTH);
  V2_SIGNATURE.copy(fixed);
  fixed[12] = VERSION_2_PROXY;
  fixed[13] = family;
  fixed.writeUInt16BE(addresses.length, 14);
  return Buffer.concat([fixed, addresses]);
}

function addressBytes({ address }: Endpoint): Uint8Array | undefined {
  // A link-local address may carry a zone, which means nothing to another machine.
  const ip = address.split('%', 1)[0]!;
  return isIP(ip) === 0 ? undefined : ipToBytes(ip);
}

/** 16 bytes, also for an IPv4 address. */
function mapped(bytes: Uint8Array): Uint8Array {
  return bytes.length === 16 ? bytes : Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes]);
}

function dotted(bytes: Uint8Array): string {
  return bytes.join('.');
}

/** The shortest form, which some receivers show as it is. */
function colonHex(bytes: Uint8Array): string {
  if (bytes.length === 16) return bytesToIp(bytes);
  // Mapped, but not with dots: of those the specification knows nothing.
  const [high, low] = [(bytes[0]! << 8) | bytes[1]!, (bytes[2]! << 8) | bytes[3]!];
  return `::ffff:${high.toString(16)}:${low.toString(16)}`;
}
