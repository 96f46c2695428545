import { isIP } from 'node:net';
import { bytesToIp, ipToBytes } from '@sluice/plugin-api';
import { AddressRange } from './address-range.js';
import { FakeNames, type RangeUse } from './fake-names.js';

/** A block of made-up addresses. */
export interface FakePool {
  /** An IPv4 or IPv6 block. */
  readonly ipPool: string;
  /** How many of its addresses stand for a name at a time. */
  readonly poolSize: number;
}

/** For so long, in ms, addresses are still understood after nobody gives any out. */
const GRACE_MS = 60_000;

/**
 * The made-up addresses of an instance and the names they stand for. It lives longer than a
 * configuration: programs remember an address, whatever is reloaded meanwhile.
 */
export class FakePools {
  readonly #now: () => number;
  #key = '';
  #uses: readonly RangeUse[] = [];
  #names: Readonly<Record<4 | 6, FakeNames>> = { 4: new FakeNames([]), 6: new FakeNames([]) };
  /** Tells one load from the next. */
  #load = 0;
  /** As of `now`; undefined while a configuration has pools. */
  #unusedSince: number | undefined = 0;

  /** @param now a clock in ms that only goes forward */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Gives out addresses of these blocks from now on. What was given out before stands as long as
   * the blocks are the same; for others it begins anew.
   * @returns says that they are not wanted any more; does nothing if others have been loaded since
   * @throws SluiceError E_ADDRESS_INVALID
   */
  load(pools: readonly FakePool[]): () => void {
    this.#expire();
    const key = JSON.stringify(pools.map(({ ipPool, poolSize }) => [ipPool, poolSize]));
    if (key !== this.#key) this.#begin(pools, key);
    this.#load += 1;
    const load = this.#load;
    this.#unusedSince = undefined;
    return () => {
      // The next configuration's may come at once, with the same blocks.
      if (this.#load === load) this.#unusedSince ??= this.#now();
    };
  }

  /**
   * The address that stands for a name, the same as long as it is in use.
   * @returns undefined if there are no blocks of this family
   */
  addressOf(name: string, family: 4 | 6): string | undefined {
    if (this.#unusedSince !== undefined) return undefined;
    return this.#names[family].addressOf(normal(name));
  }

  /** Whether addresses of this family are given out. */
  hasFamily(family: 4 | 6): boolean {
    return this.#unusedSince === undefined && this.#uses.some(({ range }) => range.family === family);
  }

  /** The name that an address stands for. */
  nameOf(address: string): string | undefined {
    const text = this.#mayKnow(address);
    return text === undefined ? undefined : this.#names[isIP(text) as 4 | 6].nameOf(text);
  }

  /** Whether an address is of these blocks, even if it stands for no name. */
  covers(address: string): boolean {
    const text = this.#mayKnow(address);
    return text !== undefined && this.#uses.some(({ range }) => range.covers(text));
  }

  /** Forgets what stands for what; addresses that programs still remember lead nowhere then. */
  flush(): void {
    this.#names = namesOf(this.#uses);
  }

  #begin(pools: readonly FakePool[], key: string): void {
    this.#uses = pools.map(({ ipPool, poolSize }) => ({ range: new AddressRange(ipPool), poolSize }));
    this.#key = key;
    this.flush();
  }

  /** @returns the address in its one way of writing, if there are blocks to look in */
  #mayKnow(address: string): string | undefined {
    this.#expire();
    if (this.#uses.length === 0) return undefined;
    const family = isIP(address);
    if (family === 0) return undefined;
    return family === 4 ? address : bytesToIp(ipToBytes(address));
  }

  #expire(): void {
    if (this.#unusedSince === undefined || this.#uses.length === 0) return;
    if (this.#now() - this.#unusedSince > GRACE_MS) this.#begin([], '');
  }
}

function namesOf(uses: readonly RangeUse[]): Record<4 | 6, FakeNames> {
  const of = (family: 4 | 6): FakeNames => new FakeNames(uses.filter(({ range }) => range.family === family));
  return { 4: of(4), 6: of(6) };
}

/** Names differ neither by case nor by a dot at the end. */
function normal(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
