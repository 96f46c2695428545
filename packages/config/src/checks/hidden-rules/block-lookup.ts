import { Buffer } from 'node:buffer';
import type { Cidr } from '@sluice/plugin-api';

/** First and last address of a block, as texts of one character a byte: those of one length sort as addresses do. */
interface AddressRange {
  readonly first: string;
  readonly last: string;
}

type Blocks = readonly Cidr[];

/** Blocks as sorted ranges that do not touch each other. */
export class BlockLookup {
  /** By the bytes of an address: 4 or 16. */
  readonly #ranges = new Map<number, AddressRange[]>();

  constructor(blocks: Blocks) {
    for (const width of new Set(blocks.map(({ bytes }) => bytes.length))) {
      const own = blocks.filter(({ bytes }) => bytes.length === width).map(rangeOf);
      this.#ranges.set(width, merged(own));
    }
  }

  /** Whether all addresses of the block are among these. */
  covers(block: Cidr): boolean {
    const ranges = this.#ranges.get(block.bytes.length);
    if (ranges === undefined) return false;
    const { first, last } = rangeOf(block);
    let low = 0;
    let high = ranges.length;
    // Ends with `low` the number of ranges that begin at or before the block.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ranges[middle] as AddressRange).first <= first) low = middle + 1;
      else high = middle;
    }
    return low > 0 && last <= (ranges[low - 1] as AddressRange).last;
  }
}

/** A word for the first address of the block, cut to a prefix: equal for those that are in one block of its length. */
export function blockWord({ bytes }: Cidr, prefix: number): string | number {
  if (bytes.length !== 4) return `${prefix} ${rangeOf({ bytes, prefix }).first}`;
  const address =
    (bytes[0] as number) * 2 ** 24 +
    (((bytes[1] as number) << 16) | ((bytes[2] as number) << 8) | (bytes[3] as number));
  const host = 2 ** (32 - prefix);
  return (address - (address % host)) * 64 + prefix;
}

function rangeOf({ bytes, prefix }: Cidr): AddressRange {
  const first = Buffer.from(bytes);
  const last = Buffer.from(bytes);
  for (let i = 0; i < bytes.length; i += 1) {
    const host = 0xff >>> Math.min(8, Math.max(0, prefix - i * 8));
    first[i] = (bytes[i] as number) & ~host;
    last[i] = (bytes[i] as number) | host;
  }
  return { first: first.toString('latin1'), last: last.toString('latin1') };
}

function merged(ranges: readonly AddressRange[]): AddressRange[] {
  const sorted = [...ranges].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const found: AddressRange[] = [];
  for (const range of sorted) {
    const before = found.at(-1);
    if (before === undefined || range.first > before.last) {
      if (before === undefined || range.first !== successor(before.last)) {
        found.push(range);
        continue;
      }
    }
    if (range.last > before.last) found[found.length - 1] = { first: before.first, last: range.last };
  }
  return found;
}

/** The next address, or undefined after the last one. */
function successor(address: string): string | undefined {
  const bytes = Buffer.from(address, 'latin1');
  for (let i = bytes.length - 1; i >= 0; i -= 1) {
    bytes[i] = ((bytes[i] as number) + 1) & 0xff;
    if (bytes[i] !== 0) return bytes.toString('latin1');
  }
  return undefined;
}
