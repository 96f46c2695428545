import type { OutboundHealth, SluiceError } from '@sluice/plugin-api';

interface Sample {
  readonly at: number;
  /** ms; undefined if the probe failed. */
  readonly delay: number | undefined;
}

/** So many failures in a row, and an outbound is dead, however good it was before. */
const PATIENCE = 2;

/** The last probes of one outbound. */
export class Samples {
  readonly #capacity: number;
  readonly #validMs: number;
  #samples: Sample[] = [];
  #lastTryAt = 0;
  #lastSeenAt: number | undefined;
  #lastError: string | undefined;

  /** @param validMs how long a probe counts, in ms */
  constructor(capacity: number, validMs: number) {
    this.#capacity = capacity;
    this.#validMs = validMs;
  }

  /** @param at as of Date.now() */
  succeeded(delay: number, at: number): void {
    this.#lastSeenAt = at;
    this.#lastError = undefined;
    this.#add({ at, delay });
  }

  failed(error: SluiceError, at: number): void {
    this.#lastError = error.message;
    this.#add({ at, delay: undefined });
  }

  health(): OutboundHealth {
    const delays = this.#samples.map(({ delay }) => delay).filter((delay) => delay !== undefined);
    const last = this.#samples.slice(-PATIENCE);
    const alive = delays.length > 0 && last.some(({ delay }) => delay !== undefined);
    const average = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
    return {
      alive,
      delay: delays.length === 0 ? undefined : average,
      // One probe alone scatters by nothing: V2Ray takes that to be half of it, lest the unknown look steady.
      deviation: this.#capacity === 1 || delays.length === 0 ? undefined : deviationOf(delays, average),
      min: delays.length === 0 ? undefined : Math.min(...delays),
      max: delays.length === 0 ? undefined : Math.max(...delays),
      samples: this.#samples.length,
      failures: this.#samples.length - delays.length,
      lastTryAt: this.#lastTryAt,
      lastSeenAt: this.#lastSeenAt,
      lastError: this.#lastError,
    };
  }

  #add(sample: Sample): void {
    this.#lastTryAt = sample.at;
    const valid = this.#samples.filter(({ at }) => sample.at - at <= this.#validMs);
    this.#samples = [...valid, sample].slice(-this.#capacity);
  }
}

function deviationOf(delays: readonly number[], average: number): number {
  if (delays.length < 2) return average / 2;
  const squares = delays.reduce((sum, delay) => sum + (delay - average) ** 2, 0);
  return Math.sqrt(squares / delays.length);
}
