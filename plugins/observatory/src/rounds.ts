/** A round is up to this share shorter than the interval, so that instances do not fall into step. */
const JITTER = 0.1;

export interface RoundsOptions {
  /** The longest time between two probes of an outbound, in ms. */
  readonly intervalMs: number;
  /** Whether all are probed at the same moment, instead of one after the other over the interval. */
  readonly atOnce: boolean;
  /** Asked at each round. */
  readonly subjects: () => readonly string[];
  /** Must not reject. */
  readonly probe: (outboundTag: string) => Promise<void>;
}

/** When which outbound is probed: all at once at first, then each once a round. */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Being probed: a slow one is not probed twice at the same time. */
  readonly #busy = new Set<string>();
  #isClosed = false;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  start(): void {
    // Balancers wait for the first results, so these are not spread.
    for (const tag of this.#options.subjects()) this.#probe(tag);
    this.#round();
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #round(): void {
    const { subjects, intervalMs, atOnce } = this.#options;
    const tags = subjects();
    const step = atOnce ? 0 : (intervalMs * (1 - JITTER)) / Math.max(tags.length, 1);
    for (const [index, tag] of tags.entries()) {
      if (index * step < 1) this.#probe(tag);
      else this.#after(index * step, () => this.#probe(tag));
    }
    // Never longer than the interval: a probe comes at most as late as configured.
    this.#after(intervalMs * (1 - JITTER * Math.random()), () => this.#round());
  }

  #probe(tag: string): void {
    if (this.#busy.has(tag)) return;
    this.#busy.add(tag);
    void this.#options.probe(tag).finally(() => this.#busy.delete(tag));
  }

  #after(ms: number, act: () => void): void {
    if (this.#isClosed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}
