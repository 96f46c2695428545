import { isIP } from 'node:net';
import { ipToBytes, type Cidr } from '@sluice/plugin-api';
import { compareWords, rangeOf, readWords, type AddressRange } from './address-words.js';
import { RuleBits } from './rule-bits.js';
import { RuleLists } from './rule-lists.js';

/** The address that is looked up; look-ups are synchronous, so one memory serves all. */
const wanted = new Uint32Array(4);

/**
 * Which rules have a set with a block that an IP is in. Takes a halving search, and a step for each block
 * around the IP; sets that many rules have in common are entered once.
 */
export class BlockIndex {
  readonly #lists: RuleLists;
  /** By set, its number; and by its number, the list of the rules that have it. */
  readonly #sets = new Map<readonly Cidr[], number>();
  readonly #rules: number[] = [];
  #v4: BlockTree | undefined;
  #v6: BlockTree | undefined;
  #found = new RuleBits(0);

  /** @param count the rules' numbers are below it */
  constructor(count: number) {
    this.#lists = new RuleLists(count);
  }

  get isEmpty(): boolean {
    return this.#sets.size === 0;
  }

  /** To be called in the order of the rules. */
  add(sets: readonly (readonly Cidr[])[], rule: number): void {
    for (const set of sets) {
      let number = this.#sets.get(set);
      if (number === undefined) this.#sets.set(set, (number = this.#rules.push(0) - 1));
      this.#rules[number] = this.#lists.with(this.#rules[number]!, rule);
    }
  }

  /** To be called once, after all sets have been added. */
  complete(): void {
    const sets = [...this.#sets.keys()];
    const tree = (bytes: number): BlockTree | undefined => {
      const width = bytes / 4;
      const blocks = sets.flatMap((set, number) =>
        set
          .filter((block) => block.bytes.length === bytes)
          .map((block) => ({ ...rangeOf(block, width), prefix: block.prefix, set: number })),
      );
      return blocks.length === 0 ? undefined : new BlockTree(blocks, width, sets.length);
    };
    this.#v4 = tree(4);
    this.#v6 = tree(16);
    this.#found = new RuleBits(sets.length);
  }

  /** @param address 4 or 16 bytes; anything else is in no block */
  mark(address: Uint8Array, into: RuleBits): void {
    const found = this.#found;
    found.clear();
    const words = readWords(address, wanted);
    if (words === 1) this.#v4?.markWanted(found);
    else if (words === 4) this.#v6?.markWanted(found);
    for (let i = found.next(0); i >= 0; i = found.next(i + 1)) this.#lists.mark(this.#rules[i]!, into);
  }

  /** @param address as text; a client on a Unix socket has a path for its address, which is in no block */
  markText(address: string, into: RuleBits): void {
    if (isIP(address) !== 0) this.mark(ipToBytes(address), into);
  }
}

interface SetBlock extends AddressRange {
  readonly prefix: number;
  readonly set: number;
}

/** Two blocks of addresses lie apart or one within the other, so that they make a tree. 0 is what is around all. */
class BlockTree {
  readonly #width: number;
  readonly #lists: RuleLists;
  readonly #parents: number[] = [0];
  readonly #listOf: number[] = [0];
  /** The addresses from which on another block is the innermost, ascending, and that block for each. */
  readonly #starts: Uint32Array;
  readonly #inner: number[] = [];

  constructor(blocks: SetBlock[], width: number, count: number) {
    this.#width = width;
    this.#lists = new RuleLists(count);
    blocks.sort((a, b) => compareWords(a.first, 0, b.first, 0, width) || a.prefix - b.prefix || a.set - b.set);
    const starts: number[] = [];
    const open: { readonly node: number; readonly block: SetBlock }[] = [];
    const begin = (words: ArrayLike<number>, node: number): void => {
      for (let i = 0; i < width; i += 1) starts.push(words[i]!);
      this.#inner.push(node);
    };
    const close = (): void => {
      const closed = open.pop();
      const after = closed && successor(closed.block.last);
      if (after !== undefined) begin(after, open.at(-1)?.node ?? 0);
    };
    for (const block of blocks) {
      while (open.length > 0 && compareWords(open.at(-1)!.block.last, 0, block.first, 0, width) < 0) close();
      const outer = open.at(-1);
      if (outer?.block.prefix === block.prefix) {
        this.#listOf[outer.node] = this.#lists.with(this.#listOf[outer.node]!, block.set);
        continue;
      }
      const node = this.#parents.push(outer?.node ?? 0) - 1;
      this.#listOf.push(this.#lists.with(0, block.set));
      open.push({ node, block });
      begin(block.first, node);
    }
    while (open.length > 0) close();
    this.#starts = Uint32Array.from(starts);
  }

  markWanted(into: RuleBits): void {
    const width = this.#width;
    let low = 0;
    let high = this.#inner.length;
    // Ends with `low` the number of starts at or before the wanted address: of equal ones the last counts.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareWords(this.#starts, middle * width, wanted, 0, width) <= 0) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return;
    for (let at = this.#inner[low - 1]!; at !== 0; at = this.#parents[at]!) this.#lists.mark(this.#listOf[at]!, into);
  }
}

/** The address after this one; undefined after the last. */
function successor(address: Uint32Array): Uint32Array | undefined {
  const next = address.slice();
  for (let i = next.length - 1; i >= 0; i -= 1) {
    next[i]! += 1;
    if (next[i] !== 0) return next;
  }
  return undefined;
}
