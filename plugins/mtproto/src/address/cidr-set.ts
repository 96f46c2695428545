import { SluiceError, type ProblemReporter } from '@sluice/plugin-api';
import { readBytes, readIp } from './ip-words.js';
import { firstAddress, PrefixTable, type AddressWords } from './prefix-table.js';

/** Look-ups are synchronous, so one memory serves all. */
const wanted: AddressWords = new Uint32Array(4);
const LONGEST_SHOWN = 64;

/**
 * A set of IPv4 and IPv6 addresses, given as CIDR blocks (RFC 4632, RFC 4291) and single addresses.
 * Compiled once; a look-up halves its way through typed arrays. An IPv4-mapped IPv6 address is the
 * IPv4 address it carries, in blocks and in look-ups. "::/0" holds no IPv4 address.
 */
export class CidrSet {
  readonly #v4: PrefixTable;
  readonly #v6: PrefixTable;

  /** @throws SluiceError E_ADDRESS_INVALID with the sentence that {@link cidrProblem} gives */
  constructor(blocks: readonly string[]) {
    const parsed = blocks.map((text) => {
      const block = parseBlock(text);
      if (typeof block === 'string') throw new SluiceError('E_ADDRESS_INVALID', block);
      return block;
    });
    this.#v4 = new PrefixTable(
      1,
      parsed.filter(({ words }) => words.length === 1),
    );
    this.#v6 = new PrefixTable(
      4,
      parsed.filter(({ words }) => words.length === 4),
    );
  }

  /** No address is in it. */
  get isEmpty(): boolean {
    return this.#v4.count === 0 && this.#v6.count === 0;
  }

  /** @param address an IP as text, as in `session.source.address`; anything else, such as a Unix socket's path, is in no set */
  has(address: string): boolean {
    return this.#hasWanted(readIp(address, wanted));
  }

  /** @param address 4 or 16 bytes; anything else is in no set */
  hasBytes(address: Uint8Array): boolean {
    return this.#hasWanted(readBytes(address, wanted));
  }

  #hasWanted(words: 0 | 1 | 4): boolean {
    if (words === 0) return false;
    return words === 1 ? this.#v4.has(wanted) : this.#v6.has(wanted);
  }
}

/** What is wrong with a block as written, in a sentence; undefined if nothing is. */
export function cidrProblem(text: string): string | undefined {
  const block = parseBlock(text);
  return typeof block === 'string' ? block : undefined;
}

/** For a plugin's `check`: an error for each block that cannot be read, a warning for one that says more than it means. */
export function checkCidrs(
  blocks: readonly string[],
  path: readonly (string | number)[],
  problems: ProblemReporter,
): void {
  blocks.forEach((text, index) => {
    const block = parseBlock(text);
    if (typeof block === 'string') problems.error([...path, index], block);
    else if (block.hasHostBits) {
      problems.warning(
        [...path, index],
        `"${shown(text)}" names an address inside the block: all of the block is meant, not that address alone`,
      );
    }
  });
}

interface Block {
  readonly words: AddressWords;
  readonly prefix: number;
  readonly hasHostBits: boolean;
}

function parseBlock(text: string): Block | string {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const width = readIp(address, wanted);
  if (width === 0) {
    return `"${shown(text)}" is neither an IP address nor a block of them, such as 192.0.2.0/24 or 2001:db8::/32`;
  }
  const words = wanted.slice(0, width);
  const bits = width * 32;
  if (slash < 0) return { words, prefix: bits, hasHostBits: false };
  const prefixText = text.slice(slash + 1);
  // A mapped block is written with the prefix length of an IPv6 one.
  const skipped = width === 1 && address.includes(':') ? 96 : 0;
  const prefix = /^\d{1,3}$/.test(prefixText) ? Number(prefixText) - skipped : -1;
  if (prefix < 0 || prefix > bits) {
    return `"${shown(text)}": what follows the slash must be a number from ${skipped} to ${bits + skipped}`;
  }
  const first = firstAddress(words, prefix);
  return { words, prefix, hasHostBits: words.some((word, i) => word !== first[i]) };
}

function shown(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
