/** An address as big-endian 32-bit words: the first is IPv4's only one, or the first of IPv6's four. */
export type AddressWords = Uint32Array;

export interface Prefix {
  /** 4 or 16 bytes; bits behind the prefix do not matter. */
  readonly bytes: Uint8Array;
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
      .map(({ bytes, prefix }) => ({ first: firstAddress(bytes, prefix, width), prefix }))
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

function firstAddress(bytes: Uint8Array, prefix: number, width: number): Uint32Array {
  const words = new Uint32Array(width);
  for (let i = 0; i < bytes.length; i += 1) {
    const kept = bytes[i]! & (0xff << (8 - Math.min(8, Math.max(0, prefix - i * 8))));
    words[i >> 2] = (words[i >> 2]! << 8) | kept;
  }
  return words;
}
