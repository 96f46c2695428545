import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** An address and a TCP port. */
export interface RpcEndpoint {
  /** IPv4 in dots, or IPv6 in its usual short form, without brackets. */
  readonly address: string;
  readonly port: number;
}

const mappedPrefix = Buffer.from('00000000000000000000ffff', 'hex');

/** 4 bytes for IPv4 (also when written `::ffff:…`), 16 for IPv6, most significant first. */
export function ipBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  if (!isIPv6(address)) throw new TypeError(`${address} is not an IP address`);
  const bytes = ipv6Bytes(address);
  return bytes.subarray(0, 12).equals(mappedPrefix) ? bytes.subarray(12) : bytes;
}

/** The 16 bytes in which requests carry an address: IPv4 as `::ffff:…`. */
export function ip16(address: string): Buffer {
  const bytes = ipBytes(address);
  return bytes.length === 4 ? Buffer.concat([mappedPrefix, bytes]) : bytes;
}

/** The address in 16 bytes as text; a mapped one as IPv4. */
export function ip16Text(bytes: Buffer): string {
  if (bytes.subarray(0, 12).equals(mappedPrefix)) return [...bytes.subarray(12)].join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  return new SocketAddress({ family: 'ipv6', address: groups.join(':') }).address;
}

function ipv6Bytes(address: string): Buffer {
  const plain = address.replace(/%.*$/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a, b, c, d] = parts.slice(0, 4).map(Number) as [number, number, number, number];
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const groupsOf = (text: string | undefined) => (text === undefined || text === '' ? [] : text.split(':'));
  const [before, after] = [groupsOf(head), groupsOf(tail)];
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
