import { Counter } from '@sluice/plugin-api';

class CounterPair extends Counter {
  readonly #first: Counter;
  readonly #second: Counter;

  constructor(first: Counter, second: Counter) {
    super();
    this.#first = first;
    this.#second = second;
  }

  override add(n: number): void {
    this.#first.add(n);
    this.#second.add(n);
  }
}

/** A counter that adds to each of those that there are. */
export function bothCounters(first: Counter | undefined, second: Counter | undefined): Counter | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return new CounterPair(first, second);
}
