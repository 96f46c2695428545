import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ipToBytes } from '@sluice/plugin-api';

/** The addresses by which this machine can be reached, as far as it knows. */
export class OwnAddresses {
  readonly #all: ReadonlySet<string>;
  /** Whether any of them means something outside this machine's own network. */
  readonly hasPublic: boolean;

  /** @param given what the operator says of it: the addresses of `--server`, and those behind NAT */
  constructor(given: readonly string[], interfaces: readonly string[] = interfaceAddresses()) {
    const all = [...interfaces, ...given].map(canonical);
    this.#all = new Set(all);
    this.hasPublic = given.length > 0 || all.some(isPublic);
  }

  has(address: string): boolean {
    return this.#all.has(canonical(address));
  }
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((each = []) => each.map(({ address }) => address));
}

/** One text for one address. */
function canonical(address: string): string {
  const [ip = ''] = address.split('%');
  return isIP(ip) === 0 ? address : Buffer.from(ipToBytes(ip)).toString('hex');
}

/** @param hex of an IP's bytes. Private, link-local, loopback and shared ranges are not public (RFC 6890). */
function isPublic(hex: string): boolean {
  const bytes = Buffer.from(hex, 'hex');
  const [a = 0, b = 0] = bytes;
  if (bytes.length === 16) return (a & 0xe0) === 0x20;
  if (bytes.length !== 4 || a === 0 || a === 10 || a === 127 || a >= 224) return false;
  return (
    !(a === 169 && b === 254) &&
    !(a === 172 && (b & 0xf0) === 16) &&
    !(a === 192 && b === 168) &&
    !(a === 100 && (b & 0xc0) === 64)
  );
}
