import type { Cidr } from '@sluice/plugin-api';
import { IpSet } from './ip-set.js';

/** Addresses that are in some blocks, or outside of one of several other lists of blocks. */
export class IpSelection {
  readonly #included: IpSet;
  readonly #excluded: readonly IpSet[];

  constructor(included: readonly Cidr[], excluded: readonly (readonly Cidr[])[]) {
    this.#included = new IpSet(included);
    this.#excluded = excluded.map((blocks) => new IpSet(blocks));
  }

  has(address: Uint8Array): boolean {
    if (this.#included.has(address)) return true;
    for (const set of this.#excluded) if (!set.has(address)) return true;
    return false;
  }
}
