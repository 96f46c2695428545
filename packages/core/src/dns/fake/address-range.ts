import { randomInt } from 'node:crypto';
import { bytesToIp, ipToBytes, parseCidr } from '@sluice/plugin-api';

/** What `randomInt` can choose from at most. */
const MAX_RANDOM = 2n ** 48n - 1n;

/** The addresses of a block that can be given to somebody: neither its first nor its last. */
export class AddressRange {
  readonly family: 4 | 6;
  /** How many there are. */
  readonly size: bigint;
  readonly #first: bigint;
  readonly #bytes: number;
  readonly #start: bigint;

  /** @throws SluiceError E_ADDRESS_INVALID */
  constructor(block: string) {
    const { bytes, prefix } = parseCidr(block);
    const bits = bytes.length * 8 - prefix;
    this.family = bytes.length === 4 ? 4 : 6;
    this.size = bits < 2 ? 0n : (1n << BigInt(bits)) - 2n;
    this.#first = toNumber(bytes) + 1n;
    this.#bytes = bytes.length;
    // Elsewhere after each start of the program, so that what clients still remember is soon noticed.
    const choices = this.size > MAX_RANDOM ? MAX_RANDOM : this.size;
    this.#start = choices === 0n ? 0n : BigInt(randomInt(Number(choices)));
  }

  /** The addresses one after the other, from somewhere in the block on. @param index below `size` */
  at(index: number): string {
    let rest = this.#first + ((this.#start + BigInt(index)) % this.size);
    const bytes = new Uint8Array(this.#bytes);
    for (let i = bytes.length - 1; i >= 0; i -= 1) {
      bytes[i] = Number(rest & 0xffn);
      rest >>= 8n;
    }
    return bytesToIp(bytes);
  }

  /** @param address as {@link canonical} writes it */
  covers(address: string): boolean {
    const bytes = ipToBytes(address);
    if (bytes.length !== this.#bytes) return false;
    const offset = toNumber(bytes) - this.#first;
    return offset >= 0n && offset < this.size;
  }
}

function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
