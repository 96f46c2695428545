import { Counter, type Stats } from '@sluice/plugin-api';

/** Counters by name, in this process. */
export class StatsTable implements Stats {
  readonly #counters = new Map<string, Counter>();

  counter(name: string): Counter {
    let counter = this.#counters.get(name);
    if (counter === undefined) {
      counter = new Counter();
      this.#counters.set(name, counter);
    }
    return counter;
  }

  find(name: string): Counter | undefined {
    return this.#counters.get(name);
  }

  query(pattern: string): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    for (const [name, counter] of this.#counters) if (name.includes(pattern)) found.set(name, counter.value);
    return found;
  }

  reset(name: string): number | undefined {
    const counter = this.#counters.get(name);
    if (counter === undefined) return undefined;
    const { value } = counter;
    counter.value = 0;
    return value;
  }
}
