/** Something that keeps bytes for a client that is slow to take or complete them. */
export interface QueueHolder {
  readonly heldBytes: number;
  /** All hold too much together, and this one most. */
  giveUp(): void;
}

/** Bounds what all clients together make us keep: the one that holds most pays. */
export class QueueBudget {
  readonly #limit: number;
  readonly #holders = new Set<QueueHolder>();
  #used = 0;

  /** @param limit in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** The holder keeps so many bytes more, or less. It may have to give up within this call. */
  change(holder: QueueHolder, bytes: number): void {
    this.#used += bytes;
    if (holder.heldBytes > 0) this.#holders.add(holder);
    else this.#holders.delete(holder);
    if (bytes > 0 && this.#used > this.#limit) this.#largest()?.giveUp();
  }

  #largest(): QueueHolder | undefined {
    let largest: QueueHolder | undefined;
    for (const holder of this.#holders) {
      if (largest === undefined || holder.heldBytes > largest.heldBytes) largest = holder;
    }
    return largest;
  }
}
