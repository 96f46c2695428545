/** An address as big-endian 32-bit words: the first is IPv4's only one, or the first of IPv6's four. */
export type AddressWords = Uint32Array;

export interface Prefix {
  /** Any address of the block. */
  readonly words: AddressWords;
  /** Length in bits. */
  readonly prefix: number;
}

/**
 * Blocks of addresses of one family, sorted by their first address. Two blocks are either disjoint
 * or one lies within the other, so only the outermost are kept, and an address can only be in the
 * last one that begins at or before it.
 */
export class PrefixTable {
  readonly count: number;
  readonly #width: number;
  readonly #first: Uint32Array;
  readonly #prefix: Uint8Array;

  /** @param width words in an address: 1 or 4 */
  constructor(width: 1 | 4, blocks: readonly Prefix[]) {
    this.#width = width;
    const sorted = blocks
      .map(({ words, prefix }) => ({ first: firstAddress(words, prefix), prefix }))
      // Of those that begin alike, the largest first: it holds the others.
      .sort((a, b) => compare(a.first, 0, b.first, width) || a.prefix - b.prefix);
    this.#first = new Uint32Array(sorted.length * width);
    this.#prefix = new Uint8Array(sorted.length);
    let count = 0;
    for (const { first, prefix } of sorted) {
      if (count > 0 && this.#holds(count - 1, first)) continue;
      this.#first.set(first, count * width);
      this.#prefix[count] = prefix;
      count += 1;
    }
    this.count = count;
  }

  has(address: AddressWords): boolean {
    const width = this.#width;
    let low = 0;
    let high = this.count;
    // Ends with `low` the number of blocks that begin at or before the address.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.#first, middle * width, address, width) <= 0) low = middle + 1;
      else high = middle;
    }
    return low > 0 && this.#holds(low - 1, address);
  }

  #holds(index: number, address: AddressWords): boolean {
    const at = index * this.#width;
    let bits = this.#prefix[index]!;
    for (let i = 0; bits > 0; i += 1, bits -= 32) {
      const difference = this.#first[at + i]! ^ address[i]!;
      if (bits < 32 ? difference >>> (32 - bits) !== 0 : difference !== 0) return false;
    }
    return true;
  }
}

function compare(a: Uint32Array, aAt: number, b: Uint32Array, width: number): number {
  for (let i = 0; i < width; i += 1) {
    const x = a[aAt + i]!;
    const y = b[i]!;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/** The address with the bits behind the prefix cleared. */
export function firstAddress(words: AddressWords, prefix: number): AddressWords {
  return words.map((word, i) => {
    const kept = prefix - i * 32;
    // A shift by 32 would be one by 0.
    return kept <= 0 ? 0 : kept >= 32 ? word : word & ~(0xffffffff >>> kept);
  });
}
