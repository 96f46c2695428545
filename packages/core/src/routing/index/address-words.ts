import type { Cidr } from '@sluice/plugin-api';

/** A block's first and last address, as 32-bit words. */
export interface AddressRange {
  readonly first: Uint32Array;
  readonly last: Uint32Array;
}

/** @param width the words of an address: 1 for IPv4, 4 for IPv6 */
export function rangeOf(block: Cidr, width: number): AddressRange {
  const first = new Uint32Array(width);
  const last = new Uint32Array(width);
  for (let i = 0; i < width; i += 1) {
    const kept = Math.min(32, Math.max(0, block.prefix - i * 32));
    // A shift by 32 would be one by 0.
    const host = kept === 32 ? 0 : 0xffffffff >>> kept;
    const word = wordAt(block.bytes, i * 4);
    first[i] = word & ~host;
    last[i] = word | host;
  }
  return { first, last };
}

/** Below 0 if the first is less, of addresses at places in two arrays of words. */
export function compareWords(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number, width: number): number {
  for (let i = 0; i < width; i += 1) {
    const x = a[aAt + i]!;
    const y = b[bAt + i]!;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/**
 * The words of an address; IPv4-mapped IPv6 addresses are taken for the IPv4 addresses they carry.
 * @param address 4 or 16 bytes
 * @returns how many words there are, or 0 for what is no address
 */
export function readWords(address: Uint8Array, into: Uint32Array): number {
  if (address.length === 4) {
    into[0] = wordAt(address, 0);
    return 1;
  }
  if (address.length !== 16) return 0;
  for (let i = 0; i < 4; i += 1) into[i] = wordAt(address, i * 4);
  if (into[0] !== 0 || into[1] !== 0 || into[2] !== 0xffff) return 4;
  into[0] = into[3]!;
  return 1;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
