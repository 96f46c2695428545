import type { Cidr } from '@sluice/plugin-api';
import { compareWords, rangeOf, readWords } from '../index/address-words.js';

/** The address that is looked up, as words; look-ups are synchronous, so one memory serves all. */
const wanted = new Uint32Array(4);

/**
 * A set of IP addresses: the blocks' first and last addresses, sorted and merged, in typed arrays,
 * searched by halving. IPv4-mapped IPv6 addresses are taken for the IPv4 addresses they carry.
 */
export class IpSet {
  readonly #blocks: readonly Cidr[];
  /** Made when they are needed: the router looks most sets up for all rules together. */
  #v4: RangeTable | undefined;
  #v6: RangeTable | undefined;

  constructor(blocks: readonly Cidr[]) {
    this.#blocks = blocks;
  }

  /** @param address 4 or 16 bytes; anything else is in no set */
  has(address: Uint8Array): boolean {
    const words = readWords(address, wanted);
    if (words === 0) return false;
    if (words === 1) return (this.#v4 ??= this.#tableOf(1)).hasWanted();
    return (this.#v6 ??= this.#tableOf(4)).hasWanted();
  }

  #tableOf(width: number): RangeTable {
    return new RangeTable(
      width,
      this.#blocks.filter(({ bytes }) => bytes.length === width * 4),
    );
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
    ranges.sort((a, b) => compareWords(a.first, 0, b.first, 0, width));
    this.#first = new Uint32Array(ranges.length * width);
    this.#last = new Uint32Array(ranges.length * width);
    let count = 0;
    for (const { first, last } of ranges) {
      const previous = (count - 1) * width;
      if (count > 0 && compareWords(first, 0, this.#last, previous, width) <= 0) {
        if (compareWords(last, 0, this.#last, previous, width) > 0) this.#last.set(last, previous);
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
      if (compareWords(this.#first, middle * width, wanted, 0, width) <= 0) low = middle + 1;
      else high = middle;
    }
    return low > 0 && compareWords(wanted, 0, this.#last, (low - 1) * width, width) <= 0;
  }
}
