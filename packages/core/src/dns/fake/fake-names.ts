import type { AddressRange } from './address-range.js';

/** A range and how many of its addresses stand for a name at a time. */
export interface RangeUse {
  readonly range: AddressRange;
  readonly poolSize: number;
}

/** One after the other from a range, and those that have come back in the order in which they did. */
class Supply {
  readonly #range: AddressRange;
  /** How many addresses are ever given out: a bound on what has to be remembered. */
  readonly #span: number;
  readonly #capacity: number;
  readonly #returned = new Set<string>();
  #fresh = 0;
  #out = 0;

  constructor({ range, poolSize }: RangeUse) {
    const most = (n: number): number => (range.size < BigInt(n) ? Number(range.size) : n);
    this.#range = range;
    this.#capacity = most(poolSize);
    // Twice as many as are in use, so that an address rests before it stands for another name.
    this.#span = most(poolSize * 2);
  }

  get hasRoom(): boolean {
    return this.#out < this.#capacity;
  }

  take(): string {
    this.#out += 1;
    if (this.#fresh < this.#span) {
      this.#fresh += 1;
      return this.#range.at(this.#fresh - 1);
    }
    const [eldest] = this.#returned;
    this.#returned.delete(eldest as string);
    return eldest as string;
  }

  giveBack(address: string): void {
    this.#out -= 1;
    this.#returned.add(address);
  }
}

interface Given {
  readonly address: string;
  readonly supply: Supply;
}

/** Names and the made-up addresses of one family that stand for them; those used last are kept. */
export class FakeNames {
  readonly #supplies: readonly Supply[];
  /** From the one that has gone unused for longest to the one used last. */
  readonly #given = new Map<string, Given>();
  readonly #names = new Map<string, string>();

  constructor(uses: readonly RangeUse[]) {
    this.#supplies = uses.map((use) => new Supply(use));
  }

  /** @returns undefined where there is no address at all */
  addressOf(name: string): string | undefined {
    const known = this.#given.get(name);
    if (known !== undefined) {
      this.#touch(name, known);
      return known.address;
    }
    let supply = this.#supplies.find(({ hasRoom }) => hasRoom);
    if (supply === undefined) {
      const [eldest] = this.#given;
      if (eldest === undefined) return undefined;
      supply = this.#forget(...eldest);
    }
    const address = supply.take();
    this.#given.set(name, { address, supply });
    this.#names.set(address, name);
    return address;
  }

  nameOf(address: string): string | undefined {
    const name = this.#names.get(address);
    if (name !== undefined) this.#touch(name, this.#given.get(name) as Given);
    return name;
  }

  #touch(name: string, given: Given): void {
    this.#given.delete(name);
    this.#given.set(name, given);
  }

  #forget(name: string, { address, supply }: Given): Supply {
    this.#given.delete(name);
    this.#names.delete(address);
    supply.giveBack(address);
    return supply;
  }
}
