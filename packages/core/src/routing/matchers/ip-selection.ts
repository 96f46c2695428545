import type { IpSet } from './ip-set.js';

/** Addresses that are in one of some sets, or outside of one of some others. */
export class IpSelection {
  readonly #included: readonly IpSet[];
  readonly #excluded: readonly IpSet[];

  constructor(included: readonly IpSet[], excluded: readonly IpSet[]) {
    this.#included = included;
    this.#excluded = excluded;
  }

  has(address: Uint8Array): boolean {
    for (const set of this.#included) if (set.has(address)) return true;
    for (const set of this.#excluded) if (!set.has(address)) return true;
    return false;
  }
}
