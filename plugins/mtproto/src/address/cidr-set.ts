import { ipToBytes, SluiceError, type ProblemReporter } from '@sluice/plugin-api';
import { PrefixTable, type AddressWords } from './prefix-table.js';

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
      parsed.filter(({ bytes }) => bytes.length === 4),
    );
    this.#v6 = new PrefixTable(
      4,
      parsed.filter(({ bytes }) => bytes.length === 16),
    );
  }

  /** No address is in it. */
  get isEmpty(): boolean {
    return this.#v4.count === 0 && this.#v6.count === 0;
  }

  /** @param address an IP as text, as in `session.source.address`; anything else, such as a Unix socket's path, is in no set */
  has(address: string): boolean {
    if (readIPv4(address)) return this.#v4.has(wanted);
    if (!address.includes(':') || address.includes('/')) return false;
    try {
      return this.hasBytes(ipToBytes(address));
    } catch {
      return false;
    }
  }

  /** @param address 4 or 16 bytes; anything else is in no set */
  hasBytes(address: Uint8Array): boolean {
    if (address.length === 4) {
      wanted[0] = wordAt(address, 0);
      return this.#v4.has(wanted);
    }
    if (address.length !== 16) return false;
    for (let i = 0; i < 4; i += 1) wanted[i] = wordAt(address, i * 4);
    if (wanted[0] !== 0 || wanted[1] !== 0 || wanted[2] !== 0xffff) return this.#v6.has(wanted);
    wanted[0] = wanted[3]!;
    return this.#v4.has(wanted);
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
  readonly bytes: Uint8Array;
  readonly prefix: number;
  readonly hasHostBits: boolean;
}

function parseBlock(text: string): Block | string {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const bytes = parseAddress(address);
  if (bytes === undefined) {
    return `"${shown(text)}" is neither an IP address nor a block of them, such as 192.0.2.0/24 or 2001:db8::/32`;
  }
  const bits = bytes.length * 8;
  if (slash < 0) return { bytes, prefix: bits, hasHostBits: false };
  const prefixText = text.slice(slash + 1);
  // A mapped block is written with the prefix length of an IPv6 one.
  const skipped = bits === 32 && address.includes(':') ? 96 : 0;
  const prefix = /^\d{1,3}$/.test(prefixText) ? Number(prefixText) - skipped : -1;
  if (prefix < 0 || prefix > bits) {
    return `"${shown(text)}": what follows the slash must be a number from ${skipped} to ${bits + skipped}`;
  }
  return { bytes, prefix, hasHostBits: hasBitsAfter(bytes, prefix) };
}

function parseAddress(text: string): Uint8Array | undefined {
  // A zone names an interface of this machine; no packet carries it.
  if (text.includes('%')) return undefined;
  try {
    return ipToBytes(text);
  } catch {
    return undefined;
  }
}

function hasBitsAfter(bytes: Uint8Array, prefix: number): boolean {
  return bytes.some((byte, i) => (byte & (0xff >>> Math.min(8, Math.max(0, prefix - i * 8)))) !== 0);
}

function shown(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

/** Reads plain dotted IPv4 into `wanted` without making anything; anything unusual is left to others. */
function readIPv4(text: string): boolean {
  let address = 0;
  let octet = -1;
  let dots = 0;
  if (text.length > 15) return false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 0x2e) {
      if (octet < 0 || dots === 3) return false;
      address = address * 256 + octet;
      octet = -1;
      dots += 1;
    } else {
      // No digit, or one after a leading zero.
      if (code < 0x30 || code > 0x39 || octet === 0) return false;
      octet = (octet < 0 ? 0 : octet * 10) + code - 0x30;
      if (octet > 255) return false;
    }
  }
  if (dots !== 3 || octet < 0) return false;
  wanted[0] = address * 256 + octet;
  return true;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
