/** Inclusive. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** Of more ranges a table is made. */
const FEW = 4;

/**
 * A set of ports. Few ranges are compared; of many a bit for each port is kept, which takes 8 KiB: too much for each
 * of thousands of rules, of which most ask for one port.
 */
export class PortSet {
  readonly #ranges: readonly PortRange[];
  readonly #bits: Uint8Array | undefined;

  constructor(ranges: readonly PortRange[]) {
    this.#ranges = ranges;
    if (ranges.length <= FEW) return;
    const bits = (this.#bits = new Uint8Array(8192));
    for (const { from, to } of ranges) {
      for (let port = from; port <= to; port += 1) bits[port >> 3]! |= 1 << (port & 7);
    }
  }

  has(port: number): boolean {
    const bits = this.#bits;
    if (bits !== undefined) return ((bits[port >> 3] ?? 0) & (1 << (port & 7))) !== 0;
    for (const { from, to } of this.#ranges) if (port >= from && port <= to) return true;
    return false;
  }
}
