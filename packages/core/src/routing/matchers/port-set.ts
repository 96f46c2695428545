/** Inclusive. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** A set of ports as a bit for each: 8 KiB, and one look-up however many ranges there are. */
export class PortSet {
  readonly #bits = new Uint8Array(8192);

  constructor(ranges: readonly PortRange[]) {
    for (const { from, to } of ranges) {
      for (let port = from; port <= to; port += 1) this.#bits[port >> 3]! |= 1 << (port & 7);
    }
  }

  has(port: number): boolean {
    return ((this.#bits[port >> 3] ?? 0) & (1 << (port & 7))) !== 0;
  }
}
