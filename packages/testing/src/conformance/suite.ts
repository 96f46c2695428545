import { Path, type PathOptions } from './path.js';
import type { Abilities, ConformanceCase, Hop } from './subject.js';

type Body = (path: Path) => Promise<void>;

/** A protocol, and the cases that were made for it so far. */
export class Suite {
  readonly hops: readonly Hop[];
  readonly abilities: Abilities;
  readonly cases: ConformanceCase[] = [];

  constructor(hops: readonly Hop[], abilities: Abilities) {
    this.hops = hops;
    this.abilities = abilities;
  }

  /** Adds a case that runs on a path of its own. @param timeoutMs default 20 s */
  readonly on = (name: string, body: Body, options: PathOptions = {}, timeoutMs = 20_000): void => {
    this.add(name, () => Path.with(this.hops, options, body), timeoutMs);
  };

  /** Adds a case. */
  readonly add = (name: string, run: () => Promise<void>, timeoutMs: number): void => {
    this.cases.push({ name, run, timeoutMs });
  };
}
