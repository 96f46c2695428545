import type { SessionObserver } from '@sluice/plugin-api';

/** How many connections may be led on at a time. A part of them may be set apart for one kind. */
export class Slots implements SessionObserver {
  readonly #count: number;
  readonly #whole: Slots | undefined;
  #taken = 0;

  /** @param whole of which these are a part */
  constructor(count: number, whole?: Slots) {
    this.#count = count;
    this.#whole = whole;
  }

  /** Takes one if there is one; it is given back by {@link sessionEnded}. */
  take(): boolean {
    if (this.#taken >= this.#count || this.#whole?.take() === false) return false;
    this.#taken += 1;
    return true;
  }

  sessionEnded(): void {
    this.#taken -= 1;
    this.#whole?.sessionEnded();
  }
}
