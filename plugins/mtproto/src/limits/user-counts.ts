import type { Usage } from './usage-table.js';

/** Who wants to know that bytes were counted. */
export interface UsageObserver {
  /** Called for every chunk. @param passed for the first time beyond a quota */
  used(passed: boolean): void;
}

/** Who holds what is counted against a quota. */
export interface QuotaHolder {
  /** Called for every chunk. @returns whether the quota is passed now for the first time */
  passes(): boolean;
  /** Called behind {@link passes}, once everybody knows what was counted. */
  quotaPassed(): void;
}

/**
 * What a user has open and has used, whatever limits it is held against: when an inbound succeeds
 * another, the limits of both are held against the same counts.
 */
export class UserCounts implements Usage {
  /** Bytes used so far. What passes a quota is counted but not delivered. */
  up = 0;
  down = 0;
  connections = 0;
  /** Connections by source, where somebody asks. */
  readonly sources = new Map<string, number>();
  readonly #holders: QuotaHolder[] = [];
  readonly #observers: UsageObserver[] = [];

  spend(up: number, down: number): void {
    this.up += up;
    this.down += down;
    // There is nearly always one of each; nothing is made for a chunk.
    let passed: QuotaHolder[] | undefined;
    for (const holder of this.#holders) if (holder.passes()) (passed ??= []).push(holder);
    for (const observer of this.#observers) observer.used(passed !== undefined);
    if (passed !== undefined) for (const holder of passed) holder.quotaPassed();
  }

  /** Takes over what a file says was used before. What is known already is not forgotten. */
  restore(up: number, down: number): void {
    this.up = Math.max(this.up, up);
    this.down = Math.max(this.down, down);
  }

  hold(holder: QuotaHolder): void {
    this.#holders.push(holder);
  }

  letGo(holder: QuotaHolder): void {
    remove(this.#holders, holder);
  }

  observe(observer: UsageObserver): void {
    if (!this.#observers.includes(observer)) this.#observers.push(observer);
  }

  unobserve(observer: UsageObserver): void {
    remove(this.#observers, observer);
  }
}

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}
