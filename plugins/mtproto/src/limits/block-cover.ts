import { parseCidr, type Cidr } from '@sluice/plugin-api';

/** Blocks of addresses, asked whether one of them holds all of another block. */
export class BlockCover {
  readonly #blocks = new Set<string>();
  readonly #prefixes = new Set<number>();

  /** @param entries IPs and CIDR blocks; those that cannot be read hold nothing */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const block = readable(entry);
      if (block === undefined) continue;
      this.#prefixes.add(block.prefix);
      this.#blocks.add(keyOf(block, block.prefix));
    }
  }

  holds(entry: string): boolean {
    const block = readable(entry);
    if (block === undefined) return false;
    for (const prefix of this.#prefixes)
      if (prefix <= block.prefix && this.#blocks.has(keyOf(block, prefix))) return true;
    return false;
  }
}

function readable(entry: string): Cidr | undefined {
  try {
    return parseCidr(entry);
  } catch {
    return undefined;
  }
}

/** The block's first bits, with what family and how many they are. */
function keyOf({ bytes }: Cidr, prefix: number): string {
  const kept = bytes.map((byte, i) => byte & (0xff << (8 - Math.min(8, Math.max(0, prefix - i * 8)))));
  return `${prefix}/${kept.join('.')}`;
}
