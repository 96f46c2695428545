import type { Cidr } from '@sluice/plugin-api';

/** The address that is looked up, as words; look-ups are synchronous, so one memory serves all. */
const wanted = new Uint32Array(4);

/**
 * A set of IP addresses: the blocks' first and last addresses, sorted and merged, in typed arrays,
 * searched by halving. IPv4-mapped IPv6 addresses are taken for the IPv4 addresses they carry.
 */
export class IpSet {
  readonly #v4: RangeTable;
  readonly #v6: RangeTable;

  constructor(blocks: readonly Cidr[]) {
    this.#v4 = new RangeTable(
      1,
      blocks.filter((block) => block.bytes.length === 4),
    );
    this.#v6 = new RangeTable(
      4,
      blocks.filter((block) => block.bytes.length === 16),
    );
  }

  /** @param address 4 or 16 bytes; anything else is in no set */
  has(address: Uint8Array): boolean {
    if (address.length === 4) {
      wanted[0] = wordAt(address, 0);
      return this.#v4.hasWanted();
    }
    if (address.length !== 16) return false;
    for (let i = 0; i < 4; i += 1) wanted[i] = wordAt(address, i * 4);
    if (wanted[0] === 0 && wanted[1] === 0 && wanted[2] === 0xffff) {
      wanted[0] = wanted[3]!;
      return this.#v4.hasWanted();
    }
    return this.#v6.hasWanted();
  }
}

/** Sorted, disjoint ranges of addresses of `width` 32-bit words. */
class RangeTable {
  readonly #width: number;
  readonly #first: Uint32Array;
  readonly #last: Uint32Array;
  readonly #count: number;

  constructor(width: number, blocks: readonly Cidr[]) {
    this.#width = width;
    const ranges = blocks.map((block) => rangeOf(block, width));
    ranges.sort((a, b) => compare(a.first, 0, b.first, 0, width));
    this.#first = new Uint32Array(ranges.length * width);
    this.#last = new Uint32Array(ranges.length * width);
    let count = 0;
    for (const { first, last } of ranges) {
      const previous = (count - 1) * width;
      if (count > 0 && compare(first, 0, this.#last, previous, width) <= 0) {
        if (compare(last, 0, this.#last, previous, width) > 0) this.#last.set(last, previous);
        continue;
      }
      this.#first.set(first, count * width);
      this.#last.set(last, count * width);
      count += 1;
    }
    this.#count = count;
  }

  hasWanted(): boolean {
    const width = this.#width;
    let low = 0;
    let high = this.#count;
    // Ends with `low` the number of ranges that begin at or before the wanted address.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.#first, middle * width, wanted, 0, width) <= 0) low = middle + 1;
      else high = middle;
    }
    return low > 0 && compare(wanted, 0, this.#last, (low - 1) * width, width) <= 0;
  }
}

function compare(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number, width: number): number {
  for (let i = 0; i < width; i += 1) {
    const x = a[aAt + i]!;
    const y = b[bAt + i]!;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

function rangeOf(block: Cidr, width: number): { first: Uint32Array; last: Uint32Array } {
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

function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
